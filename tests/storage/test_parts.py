"""What was written by an earlier version is read as it was."""

import msgspec
import pytest

from storage.parts import Parts, joined, split
from storage.records import InboundMail
from tests.storage.making import NOW, an_arrival


def mail() -> InboundMail:
    came = an_arrival()
    return InboundMail(
        id="0" * 20,
        received_at=NOW,
        mail_from=came.mail_from,
        rcpt_to=came.rcpt_to,
        peer=came.peer,
        hello="mx.example.org",
        sha256="0" * 64,
        size=1,
    )


def without(text: bytes, field: str) -> bytes:
    known = msgspec.json.decode(text)
    known.pop(field)
    return msgspec.json.encode(known)


def test_what_the_client_called_itself_is_personal():
    parts = split(mail())
    assert b"mx.example.org" not in (parts.skeleton or b"")
    assert joined(*parts) == mail()


@pytest.mark.parametrize("field", ["hello", "sender"])
def test_a_mail_kept_before_there_was_such_a_field(field: str):
    whole = split(mail())
    assert whole.skeleton is not None
    old = Parts(without(whole.skeleton, field), without(whole.content, field))
    assert joined(*old) == msgspec.structs.replace(mail(), **{field: ""})

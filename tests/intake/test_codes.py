"""A code given back by mail: recognised on the way in, and what it proves."""

from datetime import timedelta

import pytest

from handlers.handler import Click, Person, Role
from handlers.letter_actions import may_say
from storage.records import MailStatus, OutboxStatus, ParsedMail, Sender
from storage.sealing import CODE_SIGNS
from tests.handlers.test_registry import a_moment
from tests.intake.fakes import NOW
from tests.intake.test_worker import Bench, open_store
from tests.storage.making import MASTER

ANA = Person(id="U01ANA", roles=frozenset({Role.STAFF}))
FILE = "ann.on.file@example.com"
ASK = "Please send me a copy of all personal data you hold about me."


@pytest.fixture
async def bench(tmp_path):
    bench = Bench(await open_store(tmp_path, MASTER))
    yield bench
    await bench.close()


async def act(bench, ref, action, **said):
    case = await bench.store.case(ref)
    click = Click(ref=ref, action=action, by=ANA, version=case.version, **said)
    return await bench.desk.act(click, NOW)


async def waiting(bench, address=FILE):
    """An access request whose asker was sent a code; its case and the right code."""
    asked = await bench.mail("Subject: My data", body=ASK)
    ref = asked.case
    await act(bench, ref, "claim")
    await act(bench, ref, "confirm", form={"kinds": "access"})
    review = await act(bench, ref, "verify", form={"how": "ask_code", "address": address})
    await act(bench, ref, "send", value=review.letter)
    for message in await bench.store.messages_of(ref):
        if message.lane.startswith("mail:") and message.status is OutboxStatus.PENDING:
            await bench.desk.sent(message, NOW + timedelta(minutes=1), receipt="250 Ok")
    return await bench.store.case(ref), bench.store.keys.code(review.letter)


def wrong(code):
    """Of the same make, and another."""
    first = CODE_SIGNS[(CODE_SIGNS.index(code[0]) + 1) % len(CODE_SIGNS)]
    return first + code[1:]


async def from_file(bench, case, text, *head, author=FILE):
    """A mail in answer to the letter with the code."""
    to = f"compliance+{bench.store.keys.reply_tag(case.ref)}@cafex.com"
    return await bench.mail(
        "Subject: Re: A code", *head, body=text, to=to, mail_from=author, author=author
    )


async def test_the_code_from_that_address_settles_identity_and_joins_the_case(bench):
    case, code = await waiting(bench)
    mail = await from_file(bench, case, f"Here it is: {code.lower()}")
    after = await bench.store.case(case.ref)
    assert (mail.status, mail.case) == (MailStatus.PROCESSED, case.ref)
    assert mail.id in after.mails
    assert (after.verification.way, after.verification.by) == ("code", "requester")
    assert after.proven == FILE
    assert after.challenge is None
    assert "verify" in after.requests[0].done
    assert may_say(a_moment(after), "answer_access")


async def test_it_is_found_without_any_reference(bench):
    case, code = await waiting(bench)
    await bench.mail("Subject: x", body=code, mail_from=FILE, author=FILE)
    assert (await bench.store.case(case.ref)).verification


async def test_the_right_code_from_another_address_proves_nothing_and_is_held(bench):
    case, code = await waiting(bench)
    mail = await from_file(bench, case, code, author="eve@example.net")
    after = await bench.store.case(case.ref)
    assert mail.status is MailStatus.HELD
    assert after.verification is None
    assert after.held == (mail.id,)


async def test_the_desk_itself_looks_who_wrote_whatever_it_is_told(bench):
    case, code = await waiting(bench)
    mail = await bench.keep("Subject: x", mail_from="eve@example.net", author="eve@example.net")
    parsed = ParsedMail(header_from="eve@example.net", text=code)
    assert not await bench.desk.code_came(case.ref, mail, parsed, NOW)
    assert (await bench.store.case(case.ref)).verification is None


async def test_that_address_without_the_code_proves_nothing(bench):
    case, _ = await waiting(bench)
    mail = await from_file(bench, case, "It is me, believe me.")
    assert mail.status is MailStatus.HELD
    assert (await bench.store.case(case.ref)).verification is None


async def test_a_forged_mail_neither_proves_nor_uses_up_a_try(bench):
    case, code = await waiting(bench)
    bench.parser.sender = Sender(result="refused", words="DMARC: reject")
    for text in (code, wrong(code)):
        await from_file(bench, case, text)
    after = await bench.store.case(case.ref)
    assert after.verification is None
    assert after.challenge.tries == 0


async def test_after_three_wrong_codes_the_right_one_is_too_late(bench):
    case, code = await waiting(bench)
    for number in range(3):
        await from_file(bench, case, f"{wrong(code)} {number}")
    assert (await bench.store.case(case.ref)).challenge.tries == 3
    await from_file(bench, case, code)
    assert (await bench.store.case(case.ref)).verification is None


async def test_a_code_after_its_last_day_is_too_late(bench):
    case, code = await waiting(bench)
    bench.later = timedelta(days=9)
    await from_file(bench, case, code)
    assert (await bench.store.case(case.ref)).verification is None


async def test_an_automatic_reply_that_quotes_the_code_proves_nothing(bench):
    case, code = await waiting(bench)
    await from_file(bench, case, f"I am away. > {code}", "Auto-Submitted: auto-replied")
    assert (await bench.store.case(case.ref)).verification is None


async def test_replies_that_would_go_elsewhere_are_flagged(bench):
    case, code = await waiting(bench)
    await from_file(bench, case, code, "Reply-To: mallory@example.net")
    after = await bench.store.case(case.ref)
    assert "replies would go to another address" in after.flags
    assert "mallory@example.net" not in {after.requester, after.proven}


async def test_a_second_code_takes_the_place_of_the_first(bench):
    case, first = await waiting(bench)
    review = await act(bench, case.ref, "verify", form={"how": "ask_code", "address": FILE})
    await act(bench, case.ref, "send", value=review.letter)
    await from_file(bench, case, first)
    assert (await bench.store.case(case.ref)).verification is None

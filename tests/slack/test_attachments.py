"""Read an attachment: on top of its mail, for whoever may see the case, on the record."""

import json

import pytest
from msgspec.structs import replace

from bot.slack import reading
from storage.errors import Refused
from storage.records import Attachment, AttachmentText, ThreadLine
from tests.handlers.desks import BEN, COUNSEL
from tests.slack import office as desk_office
from tests.slack.office import MAIL, offered
from tests.slack.office import reading as read_as

ANA = "U01ANA"
CARRIED = tuple(
    Attachment(name=file.name, media_type="text/plain", size=9, sha256="x")
    for file in desk_office.FILES
)
WITH_FILES = replace(MAIL, attachments=CARRIED)


@pytest.fixture
def carried(monkeypatch):
    """The mail that is shown has two attachments."""
    monkeypatch.setattr(desk_office, "MAIL", WITH_FILES)


async def shown(office, page) -> str:
    """The message is open in Ana's window."""
    ref = await office.receive(MAIL, read_as("access"))
    await offered(page, "Show message")
    await page.press(ANA, "Show message")
    await page.until(lambda: "2 attachments" in page.top(ANA))
    return ref


async def test_its_words_stand_on_top_of_the_mail_and_closing_leads_back(office, page, carried):
    await shown(office, page)
    await page.press_in_window(ANA, "Read")
    await page.until(lambda: "words" in page.top(ANA))
    stack = page.stack(ANA)
    assert len(stack) == 2
    assert stack[-1]["clear_on_close"] is False
    block = next(b for b in stack[-1]["blocks"] if "words" in json.dumps(b))
    assert block["text"] == {"type": "plain_text", "text": "My <!here> words.", "emoji": False}
    await page.do("close", **{"as": ANA}, view_id=stack[-1]["id"])
    await page.until(lambda: len(page.stack(ANA)) == 1)
    assert "2 attachments" in page.top(ANA)


async def test_that_it_was_read_is_on_the_record_without_its_name_and_nothing_is_posted(
    office, page, carried
):
    ref = await shown(office, page)
    lines = [m for m in await office.store.messages_of(ref) if isinstance(m.content, ThreadLine)]
    await page.press_in_window(ANA, "Read")
    await page.until(lambda: "words" in page.top(ANA))
    entries = [entry async for entry in office.store.history(ref)]
    (mail,) = (await office.store.case(ref)).mails
    read = entries[-1]
    assert (read.act, read.actor) == ("read_attachment", ANA)
    assert read.note.endswith(f"mail {mail}, attachment 1")
    assert "list.txt" not in json.dumps([entry.note for entry in entries])
    after = [m for m in await office.store.messages_of(ref) if isinstance(m.content, ThreadLine)]
    assert after == lines
    assert "words" not in json.dumps(page.messages("C01STAFF"))


async def test_only_who_may_see_the_case_reads_it_and_only_its_own(office, page, carried):
    ref = await shown(office, page)
    case, now = await office.store.case(ref), office.clock.now()
    with pytest.raises(Refused, match="Only members"):
        await office.desk.saw_attachment(ref, case.mails[0], 0, COUNSEL, now)
    with pytest.raises(Refused, match="not one of"):
        await office.desk.saw_attachment(ref, "0" * 20, 0, BEN, now)
    acts = [entry.act async for entry in office.store.history(ref)]
    assert "read_attachment" not in acts


def test_what_cannot_be_read_says_why_and_a_long_one_is_cut(view_faults):
    refused = reading.attachment(AttachmentText(name="scan.png", note="it may be a scan"))
    assert view_faults(refused) == []
    assert "Look out: it may be a scan." in json.dumps(refused)
    long = reading.attachment(AttachmentText(name="x.txt", text="x" * 200_000))
    assert view_faults(long) == []
    assert "too long for a window" in json.dumps(long)

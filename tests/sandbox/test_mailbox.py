"""The requesters' mailboxes and the mails written on the page, over real SMTP."""

import asyncio
from email.message import EmailMessage

import aiosmtplib
import pytest
from aiosmtpd.smtp import SMTP


class Desk:
    """Where the page's mails arrive."""

    def __init__(self) -> None:
        self.mails = asyncio.Queue()

    async def handle_RCPT(self, _server, _session, envelope, address, _options):  # noqa: N802
        if not address.startswith("compliance"):
            return "550 5.1.1 no such address"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, _server, _session, envelope):  # noqa: N802
        self.mails.put_nowait((envelope.mail_from, envelope.rcpt_tos, envelope.content))
        return "250 2.0.0 Kept as m1"


@pytest.fixture
async def desk(unused_port):
    handler = Desk()
    handler.port = unused_port
    server = await asyncio.get_running_loop().create_server(
        lambda: SMTP(handler, hostname="desk.localhost"), "127.0.0.1", unused_port
    )
    yield handler
    server.close()
    await server.wait_closed()


async def deliver(world, **headers):
    mail = EmailMessage()
    for name, value in headers.items():
        mail[name.replace("_", "-")] = value
    mail.set_content("Wir haben Ihre Nachricht – danke.\n")
    host, port = world.settings["DESK_RELAY"].split(":")
    await aiosmtplib.send(mail, hostname=host, port=int(port), start_tls=False)


async def test_a_letter_arrives_decoded_in_its_mailbox(world):
    page = await world.page("U02BEN")
    await page.next("state")
    await deliver(
        world,
        From="compliance@cafex.com",
        To="nora@example.org",
        Subject="Ihre Anfrage – PR-2026-0001",
        Auto_Submitted="auto-replied",
        Message_ID="<m1@cafex.com>",
        In_Reply_To="<q1@example.org>",
    )
    event = await page.next("mail")
    assert event["address"] == "nora@example.org"
    url = f"{world.sandbox.web_url}mailbox?address=Nora@example.org"
    async with world.session.get(url) as response:
        mails = (await response.json())["mails"]
    assert mails == [event["mail"]]
    mail = mails[0]
    assert mail["text"] == "Wir haben Ihre Nachricht – danke.\n"
    assert (mail["direction"], mail["auto"]) == ("in", True)
    assert mail["subject"] == "Ihre Anfrage – PR-2026-0001"
    assert (mail["message_id"], mail["in_reply_to"]) == ("<m1@cafex.com>", "<q1@example.org>")
    assert ["Auto-Submitted", "auto-replied"] in mail["headers"]
    await page.close()


async def test_a_mail_written_on_the_page_reaches_the_desk(start, desk):
    world = await start(desk_smtp=("127.0.0.1", desk.port))
    draft = {
        "from": "zoe@example.net",
        "name": "Zoë Example",
        "subject": "My data",
        "body": "Please send me my data – all of it.",
        "in_reply_to": "<m1@cafex.com>",
        "reply_to_address": "compliance+x1@cafex.com",
    }
    answer = await world.do("mail", **draft)
    assert answer["ok"] is True
    assert answer["reply"].startswith("250 ")
    assert "Kept as m1" in answer["reply"]
    mail_from, rcpt_tos, content = await desk.mails.get()
    assert (mail_from, rcpt_tos) == ("zoe@example.net", ["compliance+x1@cafex.com"])
    assert answer["message_id"].encode() in content
    assert b"In-Reply-To: <m1@cafex.com>" in content
    kept = world.sandbox.parts.workspace.mails["zoe@example.net"]
    assert [(m["direction"], m["text"]) for m in kept] == [("out", draft["body"] + "\n")]
    assert world.sandbox.parts.workspace.names["zoe@example.net"] == "Zoë Example"


async def test_what_the_desk_refuses_is_told_word_for_word(start, desk):
    world = await start(desk_smtp=("127.0.0.1", desk.port))
    mail = {"from": "zoe@example.net", "subject": "x", "body": "x"}
    refused = await world.do("mail", **mail, to="nobody@cafex.com")
    assert refused == {"ok": False, "error": "550 5.1.1 no such address"}
    broken = await world.do("mail", **mail | {"from": "not an address"})
    assert broken == {"ok": False, "error": "'not an address' is not an address"}
    folded = await world.do("mail", **mail | {"subject": "a\nBcc: x@example.org"})
    assert folded["ok"] is False
    missing = await world.do("mail", subject="x")
    assert "from" in missing["error"]
    assert desk.mails.empty()


async def test_a_desk_that_is_away_is_said_to_be_away(start, unused_port):
    world = await start(desk_smtp=("127.0.0.1", unused_port))
    answer = await world.do("mail", **{"from": "zoe@example.net", "subject": "x", "body": "x"})
    assert answer["ok"] is False
    assert f"127.0.0.1:{unused_port} does not answer" in answer["error"]


async def test_a_mailbox_can_be_told_to_refuse(world):
    await world.do("refuse", address="nora@example.org", reply="451 4.3.0 try later")
    with pytest.raises(aiosmtplib.SMTPRecipientsRefused) as caught:
        await deliver(world, From="compliance@cafex.com", To="nora@example.org", Subject="x")
    assert caught.value.recipients[0].code == 451
    await world.do("refuse", address="nora@example.org", reply=None)
    await deliver(world, From="compliance@cafex.com", To="nora@example.org", Subject="x")
    assert len(world.sandbox.parts.workspace.mails["nora@example.org"]) == 1


async def test_html_alone_and_attachments_are_shown_as_words(world):
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = "a@example.com", "b@example.org", "x"
    mail.set_content("<p>Caf&eacute;</p>", subtype="html")
    mail.add_attachment(b"{}", maintype="application", subtype="json", filename="data.json")
    host, port = world.settings["DESK_RELAY"].split(":")
    await aiosmtplib.send(mail, hostname=host, port=int(port), start_tls=False)
    (kept,) = world.sandbox.parts.workspace.mails["b@example.org"]
    assert kept["text"].strip() == "Café"
    assert kept["attachments"] == [{"name": "data.json", "type": "application/json"}]
    assert kept["auto"] is False

"""The requesters' side of the page: writing, reading and answering mail over real SMTP."""

import asyncio
from email import message_from_bytes, policy
from email.message import EmailMessage

import aiosmtplib
import pytest
from aiosmtpd.smtp import SMTP

from tests.sandbox.browser import Stage, shared

expect = pytest.importorskip("playwright.async_api", reason="Playwright is not here").expect
pytestmark = pytest.mark.asyncio(loop_scope="session")
TAGGED = "compliance+pr42@cafex.com"


class Door:
    """The desk's SMTP server."""

    def __init__(self):
        self.mails = asyncio.Queue()

    async def handle_RCPT(self, _server, _session, envelope, address, _options):  # noqa: N802 - aiosmtpd names it
        if not address.startswith("compliance"):
            return "550 5.1.1 no such address"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, _server, _session, envelope):  # noqa: N802 - aiosmtpd names it
        mail = message_from_bytes(envelope.content, policy=policy.default)
        self.mails.put_nowait((envelope.rcpt_tos, mail))
        return "250 2.0.0 Kept as m1"


@shared
async def post(opened, tab, unused_port):
    door = Door()
    server = await asyncio.get_running_loop().create_server(
        lambda: SMTP(door, hostname="desk.localhost"), "127.0.0.1", unused_port
    )
    world = await opened(desk_smtp=("127.0.0.1", unused_port))
    await tab.goto(world.sandbox.web_url)
    stage = Stage(world, tab)
    stage.mails = door.mails
    yield stage
    server.close()
    await server.wait_closed()


async def deliver(world, text, **headers):
    mail = EmailMessage()
    for name, value in headers.items():
        mail[name.replace("_", "-")] = value
    mail.set_content(text)
    host, port = world.settings["DESK_RELAY"].split(":")
    await aiosmtplib.send(mail, hostname=host, port=int(port), start_tls=False)


async def test_writing_a_mail_shows_what_the_server_said(post):
    await post.test("write-mail").click()
    await post.test("mail-from").select_option("luc@example.net")
    await post.test("mail-subject").fill("Mes données")
    await post.test("mail-body").fill("Bonjour,\n\nque savez-vous de moi ?")
    await post.test("mail-send").click()
    await expect(post.test("mail-result")).to_contain_text("250 2.0.0 Kept as m1")
    rcpt, mail = await asyncio.wait_for(post.mails.get(), 5)
    assert rcpt == ["compliance@cafex.com"]
    assert (mail["From"], mail["Subject"]) == ("Luc Martin <luc@example.net>", "Mes données")
    assert "que savez-vous" in mail.get_content()
    await expect(post.test("mailbox-luc@example.net")).to_contain_text("Luc Martin")


async def test_a_refused_mail_keeps_its_text(post):
    await post.test("write-mail").click()
    await post.test("mail-from").select_option("other")
    await post.test("mail-name").fill("Ida Free")
    await post.test("mail-address").fill("ida@example.com")
    await post.test("mail-to").fill("nobody@cafex.com")
    await post.test("mail-body").fill("Hello")
    await post.test("mail-send").click()
    await expect(post.test("mail-result")).to_contain_text("550")
    await expect(post.test("mail-body")).to_have_value("Hello")


async def test_a_letter_is_read_and_answered(post):
    hostile = "Dear Nora,\n<script>window.hit = 1</script> *not bold* https://example.org\n"
    await deliver(
        post.world,
        hostile,
        From="Privacy <compliance@cafex.com>",
        To="nora@example.org",
        Reply_To=TAGGED,
        Subject="We have your request",
        Message_ID="<m1@cafex.com>",
        Auto_Submitted="auto-replied",
    )
    box = post.test("mailbox-nora@example.org")
    await expect(box).to_contain_text("1 new")
    await box.click()
    await expect(box).not_to_contain_text("new")
    await post.test("mail-line").click()
    assert (await post.test("mail-text").text_content()).strip() == hostile.strip()
    assert await post.test("mail-open").locator("script, a").count() == 0
    await expect(post.test("mail-open")).to_contain_text("a machine")
    await post.test("mail-reply").click()
    await expect(post.test("mail-to")).to_have_value(TAGGED)
    await post.test("mail-body").fill("Yes, that is me.")
    await post.test("mail-send").click()
    await expect(post.test("mail-result")).to_contain_text("250")
    rcpt, mail = await asyncio.wait_for(post.mails.get(), 5)
    assert rcpt == [TAGGED]
    assert mail["In-Reply-To"] == mail["References"] == "<m1@cafex.com>"
    assert mail["Subject"] == "Re: We have your request"
    await post.test("mailbox-nora@example.org").click()
    await expect(post.test("mail-line")).to_have_count(2)


async def test_news_does_not_disturb_a_letter_being_written(post):
    await post.test("write-mail").click()
    await post.test("mail-body").fill("half a thought")
    await deliver(post.world, "News", From="compliance@cafex.com", To="luc@example.net")
    await expect(post.test("mailbox-luc@example.net")).to_be_visible()
    await expect(post.test("mail-body")).to_have_value("half a thought")
    await expect(post.test("mail-body")).to_be_focused()

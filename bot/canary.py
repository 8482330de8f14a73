"""Sends a canary: a mail of our own through the real door, to see that mail comes through.

Once it has come all the way the store has a mark `canary` (handlers/incoming.py) with the time.
"""

import ssl
from datetime import datetime
from email.message import EmailMessage
from email.utils import format_datetime

import aiosmtplib

from bot.settings import Settings
from intake.canary import HEADER
from storage.records import new_id
from storage.sealing import Keys

_SECONDS = 60.0


def canary(address: str, keys: Keys, now: datetime) -> EmailMessage:
    """From us to us, marked as ours alone can mark it (RFC 3834: nobody answers it)."""
    name = new_id(now)
    mail = EmailMessage()
    mail["From"] = mail["To"] = address
    mail["Subject"] = "Canary"
    mail["Date"] = format_datetime(now)
    mail["Message-ID"] = f"<{name}.canary@{address.rpartition('@')[2]}>"
    mail["Auto-Submitted"] = "auto-generated"
    mail[HEADER] = keys.canary_tag(name)
    mail.set_content("The desk wrote this to itself, to see that mail comes through.\n")
    return mail


async def send(settings: Settings, keys: Keys, now: datetime, port: int | None = None) -> None:
    """To the desk's own door, with STARTTLS where it is offered. Raises SMTPException, OSError.

    `port`: where the door is, when the settings leave that open.
    """
    address = settings.address[0]
    door = ssl.create_default_context()
    door.check_hostname = False  # we know whom we call; its certificate has the name in the MX
    door.verify_mode = ssl.CERT_NONE
    await aiosmtplib.send(
        canary(address, keys, now),
        sender=address,
        recipients=[address],
        hostname=settings.smtp_host,
        port=port or settings.smtp_port,
        tls_context=door,
        timeout=_SECONDS,
    )

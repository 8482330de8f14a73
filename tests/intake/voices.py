"""Mails of machines and of people from the files in `mails/`, and the classifier's corpus."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import intake.classify
from intake.mime import parse
from storage.records import Arrival, InboundMail, ParsedMail
from tests.intake.fakes import NOW, OWN, inbound

HERE = Path(__file__).parent / "mails"
CORPUS = Path(intake.classify.__file__).parent / "corpus"
LETTER = "0193f0aa00bb11223344"
#: of the corpus: what a holiday's machine wrote
HOLIDAYS = {"first-205", "first-244", "first-250", "first-259"}
MESSAGE_ID = f"<{LETTER}@cafex.com>"


class Voice(NamedTuple):
    """One mail. `gave_up`: of a delivery report, whether it says so."""

    kind: str
    name: str
    sender: str
    gave_up: bool
    content: bytes

    def arrived(self, to: str = OWN[0], message_id: str = MESSAGE_ID) -> Arrival:
        content = self.content.replace(b"{to}", to.encode())
        return Arrival(
            received_at=NOW,
            mail_from=self.sender,
            rcpt_to=(to,),
            peer="192.0.2.1",
            content=content.replace(b"{id}", message_id.encode()),
        )

    def read(self) -> tuple[InboundMail, ParsedMail]:
        arrival = self.arrived()
        return inbound(arrival, "0" * 20), parse(arrival.content)


def voices(file: str) -> Iterator[Voice]:
    text = (HERE / file).read_text(encoding="utf-8")
    for piece in text.split("\n=== ")[1:]:
        head, _, content = piece.partition("\n")
        kind, name, sender, *outcome = head.split()
        lines = content.rstrip("\n").replace("\n", "\r\n") + "\r\n"
        yield Voice(kind, name, sender.strip("<>"), outcome == ["failed"], lines.encode())


def corpus() -> Iterator[Voice]:
    """Mostly people's mails, written for another purpose by other hands.

    Of what asks nothing only the first file's is known to be people's, but for the holidays.
    """
    for file in sorted(CORPUS.glob("first*.jsonl")):
        for line in file.read_text(encoding="utf-8").splitlines():
            said = json.loads(line)
            if said["kinds"] == ["not_a_request"] and not said["id"].startswith("first-"):
                continue
            head = f"From: {said['from']}\r\nTo: compliance@cafex.com\r\nSubject: {said['subject']}"
            kind = "Content-Type: text/plain; charset=utf-8"
            content = f"{head}\r\n{kind}\r\n\r\n{said['body']}\r\n".encode()
            who = "auto_reply" if said["id"] in HOLIDAYS else "person"
            yield Voice(who, said["id"], said["from"], False, content)

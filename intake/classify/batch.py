"""Classifying files for people who want to see how the desk reads: .eml, or JSON lines."""

import asyncio
import base64
import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec

from intake import jurisdiction
from intake.classify import Classifier, Kinds, settled
from intake.classify.meaning import Meaning
from intake.envelope import Addresses
from intake.parse import Job, Parser
from intake.screen import screen
from storage.records import InboundMail, ParsedMail, Reading, Record

_BOUNDARY = "desk-batch-5f0c7d"
_TYPE = re.compile(r"[\w.+-]+/[\w.+-]+(; ?[\w-]+=[\w.+-]+)*")


class Part(Record, frozen=True, kw_only=True):
    """A further MIME part."""

    type: str = "text/plain"
    text: str = ""


class Line(msgspec.Struct, frozen=True, kw_only=True, rename={"author": "from"}):
    """One mail of a .jsonl; other fields are ignored."""

    id: str | int
    author: str = ""
    from_name: str | None = None
    subject: str | None = None
    body: str | None = None
    html: str | None = None
    headers: dict[str, Any] | None = None
    parts: list[Part] | None = None


def classify_file(
    path: Path, registry: Kinds, auto: float | None = None, meaning: Meaning | None = None
) -> Iterator[dict[str, Any]]:
    """One row per mail, in order; {"id", "error"} for what cannot be read. Reads as it goes."""
    with asyncio.Runner() as runner:
        batch = _Batch(Classifier(registry, meaning=meaning), runner, auto)
        try:
            if path.suffix.lower() == ".jsonl":
                yield from batch.lines(path)
            else:
                yield batch.eml(path)
        finally:
            runner.run(batch.parser.stop())


class _Batch:
    def __init__(self, reader: Classifier, runner: asyncio.Runner, auto: float | None) -> None:
        self.parser = Parser()
        self._classifier = reader
        self._auto = auto
        self._runner = runner

    def eml(self, path: Path) -> dict[str, Any]:
        try:
            content = path.read_bytes()
        except OSError as error:
            return {"id": path.name, "error": f"{path.name} cannot be read: {error.strerror}"}
        return self._row(path.name, Job(content=content, classify=False))

    def lines(self, path: Path) -> Iterator[dict[str, Any]]:
        try:
            with path.open("rb") as file:
                for number, line in enumerate(file, 1):
                    if line.strip():
                        yield self._line(line, f"{path.name}:{number}")
        except OSError as error:
            yield {"id": path.name, "error": f"{path.name} cannot be read: {error.strerror}"}

    def _line(self, raw: bytes, place: str) -> dict[str, Any]:
        try:
            line = msgspec.convert(json.loads(raw), Line)
        except (ValueError, RecursionError) as error:
            fault = type(error).__name__ if isinstance(error, RecursionError) else str(error)
            return {"id": _id_of(raw) or place, "error": f"{place}: {fault}"}
        job = Job(content=mail_of(line), subject=line.subject or "", classify=False)
        return self._row(line.id, job, fields(line))

    def _row(
        self, name: str | int, job: Job, extra: tuple[tuple[str, str], ...] = ()
    ) -> dict[str, Any]:
        parsed = self._runner.run(self.parser.work(job)).parsed
        if not parsed.readable:
            return {"id": name, "error": f"{name} could not be read safely"}
        parsed = msgspec.structs.replace(parsed, headers=(*extra, *parsed.headers))
        verdict = screen(arrived(parsed), parsed, Addresses(()))
        reading = settled(self._classifier.read(parsed, auto=self._auto), robot=verdict.robot)
        return _shown(name, jurisdiction.placed(reading, parsed))


def _shown(name: str | int, reading: Reading) -> dict[str, Any]:
    return {
        "id": name,
        "kinds": list(reading.kinds),
        "decision": reading.decision,
        "confidence": reading.confidence,
        "evidence": [msgspec.structs.asdict(evidence) for evidence in reading.evidence],
        "language": reading.language,
        "regimes": list(reading.regimes),
    }


def _id_of(raw: bytes) -> Any:
    try:
        found = json.loads(raw)
    except (ValueError, RecursionError):
        return None
    return found.get("id") if isinstance(found, dict) else None


def fields(line: Line) -> tuple[tuple[str, str], ...]:
    """The given header, as parsing gives it."""
    given = (line.headers or {}).items()
    return tuple((name.lower(), " ".join(str(value).split())[:500]) for name, value in given)


def arrived(parsed: ParsedMail) -> InboundMail:
    """The envelope a file does not have, as far as its header knows it (RFC 5321 4.4)."""
    path = parsed.header("return-path")
    return InboundMail(
        id="0" * 20,
        received_at=datetime.now(UTC),
        mail_from="" if path == "<>" else path.strip("<>") or parsed.header_from,
        rcpt_to=(),
        peer="",
        sha256="",
        size=0,
    )


def mail_of(line: Line) -> bytes:
    """The record as a mail, so that it is read as every other mail is."""
    texts = [("text/plain", line.body or ""), ("text/html", line.html or "")]
    forms = [_part(kind, text) for kind, text in texts if text]
    own = _multipart("alternative", forms or [_part("text/plain", "")])
    others = [_part(part.type, part.text) for part in line.parts or []]
    name = json.dumps(_flat(line.from_name or ""), ensure_ascii=False)
    sender = _flat(line.author)
    head = [f"From: {name} <{sender}>" if "<" not in sender else f"From: {sender}"]
    body = _multipart("mixed", [own, *others], f"{_BOUNDARY}-outer") if others else own
    return "\r\n".join([*head, "MIME-Version: 1.0", body]).encode("utf-8", "replace")


def _flat(value: str) -> str:
    return " ".join(value.split())


def _part(kind: str, text: str) -> str:
    kind = kind if _TYPE.fullmatch(kind) else "application/octet-stream"
    if kind.lower().startswith(("message/", "multipart/")):
        return f"Content-Type: {kind}\r\n\r\n{text}"  # RFC 2046 5.2.1: no encoding here
    kind = kind.partition(";")[0]
    encoded = base64.encodebytes(text.encode("utf-8", "replace")).decode()
    return (
        f"Content-Type: {kind}; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\n{encoded}"
    )


def _multipart(kind: str, parts: list[str], boundary: str = _BOUNDARY) -> str:
    inner = "".join(f"\r\n--{boundary}\r\n{part}" for part in parts)
    return f'Content-Type: multipart/{kind}; boundary="{boundary}"\r\n{inner}\r\n--{boundary}--\r\n'

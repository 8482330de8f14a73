"""How many ordinary mails are taken for a machine's: `python -m bench.screening PATH…`.

A path is a .jsonl file (`id`, `from`, `subject`, `body`, and `html`, `headers`, `kinds` where there
are), a mail, or a folder of mails. Of a .jsonl that says what each mail asks, only those that ask
something are ordinary for sure; what the others are taken for is counted apart.
"""

import argparse
import json
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from intake.envelope import Addresses
from intake.mime import parse
from intake.screen import screen
from storage.mails import mail_of
from storage.records import Arrival
from tests.intake.fakes import NOW, OWN
from tests.intake.voices import CORPUS

OURS = Addresses(OWN)
REPORTS = frozenset({"bounce", "report"})
SURE = 0.95


class Ordinary(NamedTuple):
    """One mail. `asks`: somebody wants something, so it is a person's."""

    name: str
    content: bytes
    asks: bool


class Figures(NamedTuple):
    """Names of those taken for a report, and for any machine's; of how many."""

    mails: int
    reports: list[str]
    machines: list[str]

    def bound(self, taken: int) -> float:
        """The share that may yet be true, at 95 % confidence."""
        return at_most(taken, self.mails)


def figures(mails: Iterable[Ordinary]) -> Figures:
    """Screened as they would be, each from its Return-Path or its From."""
    count, reports, machines = 0, [], []
    for mail in mails:
        count += 1
        if (kind := kind_of(mail.content)) != "person":
            machines.append(mail.name)
        if kind in REPORTS:
            reports.append(mail.name)
    return Figures(count, reports, machines)


def kind_of(content: bytes) -> str:
    """What the screen takes it for."""
    parsed = parse(content)
    path = parsed.header("return-path").strip()
    arrival = Arrival(
        received_at=NOW,
        mail_from="" if path == "<>" else path.strip("<>") or parsed.header_from,
        rcpt_to=OWN,
        peer="192.0.2.1",
        content=content,
    )
    return screen(mail_of("0" * 20, arrival), parsed, OURS).kind


def at_most(taken: int, of: int) -> float:
    """Clopper and Pearson's upper bound: so large a share gives no more than `taken` once in 20.

    With none taken it is 1 - 0.05^(1/of), the rule of three.
    """
    if taken >= of:
        return 1.0
    low, high = 0.0, 1.0
    for _ in range(60):
        share = (low + high) / 2
        term = cumulated = (1 - share) ** of
        for k in range(taken):
            term *= (of - k) / (k + 1) * share / (1 - share)
            cumulated += term
        low, high = (share, high) if cumulated > 1 - SURE else (low, share)
    return high


def mails_of(path: Path) -> Iterator[Ordinary]:
    """Those of a .jsonl file, of a folder, or the one in a file."""
    if path.is_dir():
        for file in sorted(path.rglob("*")):
            if file.suffix in {".eml", ".txt"}:
                yield from mails_of(file)
    elif path.suffix == ".jsonl":
        for line in path.read_text(encoding="utf-8").splitlines():
            said = json.loads(line)
            asks = said.get("kinds", ["?"]) != ["not_a_request"]
            yield Ordinary(str(said["id"]), written(said), asks)
    else:
        content = path.read_bytes()
        if content.startswith(b"From "):  # an mbox's line
            content = content.partition(b"\n")[2]
        yield Ordinary(path.name, content, asks=True)


def written(said: dict[str, Any]) -> bytes:
    """A line of a .jsonl file as a mail."""
    text, kind = (said["body"], "plain") if said.get("body") else (said.get("html", ""), "html")
    head = {"From": said["from"], "To": OWN[0], "Subject": said.get("subject", "")}
    head |= said.get("headers") or {}
    lines = [f"{name}: {' '.join(str(value).split())}" for name, value in head.items()]
    lines.append(f"Content-Type: text/{kind}; charset=utf-8")
    return "\r\n".join([*lines, "", text, ""]).encode("utf-8", "replace")


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("paths", nargs="*", type=Path, metavar="PATH")
    options = parser.parse_args(arguments)
    paths = options.paths or sorted(CORPUS.glob("*.jsonl"))
    found = [mail for path in paths for mail in mails_of(path)]
    for title, mails in (
        ("ordinary", [mail for mail in found if mail.asks]),
        ("ask nothing", [mail for mail in found if not mail.asks]),
    ):
        told = figures(mails)
        if told.mails:
            print(f"{title}: {told.mails} mails")
            _print("taken for a bounce or a report", told.reports, told)
            _print("taken for any machine's", told.machines, told)


def _print(what: str, names: list[str], told: Figures) -> None:
    bound = told.bound(len(names))
    print(f"  {what}: {len(names)} (at most {bound:.2%} at 95 %) {' '.join(names[:20])}")


if __name__ == "__main__":
    main()

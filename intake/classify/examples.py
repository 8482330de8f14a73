"""The corpus: mails with what they ask, as JSON lines; held-back files are never read here.

Fields as `desk classify` takes them, and: `kinds`, `language`, `voice`, who wrote it, and
`obvious`, whether it says plainly what it asks. Mails of one voice are alike, so they are never on
both sides of a measurement.
"""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import msgspec

from intake.classify.batch import Line, arrived, fields, mail_of
from intake.envelope import Addresses
from intake.parse import parse
from intake.screen import screen
from storage.records import ParsedMail, Record

CORPUS = Path(__file__).parent / "corpus"
HELD_BACK = ".held.jsonl"


class Labelled(Line, frozen=True, kw_only=True):
    """A line of the corpus."""

    kinds: list[str]
    language: str = "und"
    voice: str = ""
    obvious: bool = True
    rights: Mapping[str, str] = msgspec.field(
        default_factory=dict
    )  #: of some mails: what is claimed (`rights.py`)


class Example(Record, frozen=True, kw_only=True):
    """A mail with its answer."""

    id: str
    voice: str  #: who wrote it; its own id where nobody says
    kinds: frozenset[str]
    language: str
    parsed: ParsedMail
    robot: bool
    rights: Mapping[str, str] = msgspec.field(
        default_factory=dict
    )  #: where somebody has labelled it
    obvious: bool  #: plain words; the others were written to be hard


class Corpus(Record, frozen=True, kw_only=True):
    """All examples, and what they were read from."""

    examples: tuple[Example, ...]
    digest: str  #: SHA-256 over names and contents of the files


def files(folder: Path) -> list[Path]:
    """What is trained on, in a fixed order."""
    return sorted(p for p in folder.glob("*.jsonl") if not p.name.endswith(HELD_BACK))


def digest(paths: Sequence[Path]) -> str:
    """The same for the same corpus on every machine."""
    total = hashlib.sha256()
    for path in paths:
        total.update(f"{path.name} {hashlib.sha256(path.read_bytes()).hexdigest()}\n".encode())
    return total.hexdigest()


def read(folder: Path) -> Corpus:
    """Raises ValueError with the place of a line that is no example, OSError."""
    paths = files(folder)
    found = tuple(example for path in paths for example in _examples(path))
    if not found:
        raise ValueError(f"{folder} holds no mail to learn from")
    return Corpus(examples=found, digest=digest(paths))


def labelled(path: Path) -> Iterator[Labelled]:
    """Every line. Raises ValueError with its place for one that is no example."""
    for number, raw in enumerate(path.read_bytes().splitlines(), 1):
        if raw.strip():
            try:
                yield msgspec.json.decode(raw, type=Labelled)
            except msgspec.MsgspecError as error:
                raise ValueError(f"{path.name}:{number}: {error}") from error


def held_back(folder: Path) -> Iterator[Example]:
    """What is never trained on. Raises ValueError with the place of a line that is no example."""
    for path in sorted(folder.glob(f"*{HELD_BACK}")):
        yield from _examples(path)


def of_case(ref: str, labels: Sequence[str], language: str, content: bytes) -> Example:
    """A mail that staff have labelled; each requester is a voice of their own."""
    parsed = parse(content)
    return Example(
        id=ref,
        voice=ref,
        kinds=frozenset(labels),
        language=language,
        parsed=parsed,
        obvious=True,
        robot=screen(arrived(parsed), parsed, Addresses(())).robot,
    )


def _examples(path: Path) -> Iterator[Example]:
    for line in labelled(path):
        parsed = parse(mail_of(line))
        parsed = msgspec.structs.replace(
            parsed, subject=line.subject or "", headers=(*fields(line), *parsed.headers)
        )
        yield Example(
            id=str(line.id),
            voice=line.voice or str(line.id),
            kinds=frozenset(line.kinds),
            language=line.language,
            parsed=parsed,
            rights=line.rights,
            obvious=line.obvious,
            robot=screen(arrived(parsed), parsed, Addresses(())).robot,
        )

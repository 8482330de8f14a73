"""A desk moved from its files into PostgreSQL, whole, and compared on both sides before it counts.

    1  the journal, line by line in batches: lines and keys as they are, records as they become
    2  the raw mails, sealed as they are
    3  everything compared: each line, each chain, each record, each sealed content
    4  the sequences set past what came; only now may a desk run on it

Stopped at any point, the next run goes on behind the last batch. The files are read, never
changed, and locked meanwhile. A shred that a killed desk has not finished counts as finished.
"""

import asyncio
import hashlib
from collections import defaultdict
from collections.abc import AsyncIterator, Iterator
from itertools import islice
from pathlib import Path
from typing import NamedTuple

import msgspec

from storage import mails
from storage.chain import encoded, hash_of
from storage.embedded import EmbeddedStore
from storage.errors import StoreBusy, StoreError
from storage.journal import Position, Read, Reader
from storage.opening import JOURNAL, LOCK, MAILS, Lock, look
from storage.postgres.database import Database
from storage.postgres.keys import KeyTable
from storage.postgres.moving import Begun, Keyring, Moved, Raw, Target, other_desk
from storage.postgres.node import LIFE
from storage.postgres.store import PostgresStore
from storage.records import Record, Stored
from storage.sealing import MasterKey
from storage.sheets import opened
from storage.verify import Step

LINES = 500  #: in one transaction
BYTES = 4 * 1024 * 1024  #: of lines, or of mails, in one transaction
_LOOK = 500  #: mails asked about at once

_encode = msgspec.json.Encoder().encode


class Done(Record, frozen=True, kw_only=True):
    """A finished move, in figures; all of it was found the same on both sides."""

    commits: int
    chains: int
    records: dict[str, int]  #: by table
    mails: int  #: raw ones
    size: int  #: bytes of journal and mails


def move(data: Path, url: str, master: MasterKey, step: Step) -> Done:
    """Move the desk in `data` into the database of `url`, or go on with it.

    Blocks. Raises StoreBusy, StoreError, StoreAway, StoreDamaged, KeyFileError; what is in `data`
    stays as it is whatever happens.
    """
    try:
        lock = Lock(data / LOCK)
    except StoreBusy as busy:
        raise StoreBusy(
            f"A desk runs on {data}; stop it, and run `desk migrate` again: what moves must not "
            "change meanwhile."
        ) from busy
    try:
        with asyncio.Runner() as runner:
            return runner.run(_Move(_Files(data, master), step).into(url, master))
    finally:
        lock.release()


class _Sealed(NamedTuple):
    """A mail of the log whose key is not shredded."""

    id: str
    slot: int
    segment: int
    offset: int
    size: int


class _Files:
    """The desk that moves, as it lies in its files."""

    def __init__(self, data: Path, master: MasterKey) -> None:
        found = look(data, master)
        self._data = data
        self._ring = found.keyring
        self._shredded = found.shredded
        self._log_end = found.log.end
        self.end = found.reader.position
        self.store = EmbeddedStore(found, None)
        self.keyring = Keyring(found.keyring.keys, self.key, self._wrapped)
        self.slots = found.keyring.end
        self.numbers = found.view.cases.numbers()
        self.log_size = sum(path.stat().st_size for path in (data / MAILS).glob("*.log"))

    def key(self, slot: int) -> bytes | None:
        return None if slot in self._shredded else self._ring.key(slot)

    def _wrapped(self, slot: int) -> bytes | None:
        return None if slot in self._shredded else self._ring.wrapped(slot)

    def lines(self, reader: Reader) -> Iterator[Read]:
        """Up to where the desk had read, should more be on its way."""
        for read in reader:
            if read.end > self.end.size:
                return
            yield read

    def reader(self) -> Reader:
        return Reader(self._data / JOURNAL, Position(), {})

    def mails(self) -> Iterator[_Sealed]:
        """In the order of the log."""
        for number in mails.segments(self._data / MAILS):
            with mails.Segment(self._path(number)) as segment:
                for offset, header in segment.headers(0):
                    if mails.Mark(number, offset) >= self._log_end:
                        return
                    if self.key(header.slot) is not None:
                        yield _Sealed(header.id, header.slot, number, offset, header.size)

    def raw(self, sealed: _Sealed, *, known: bool) -> Raw:
        """The content; with the mail as it came in, unless that is known."""
        with mails.Segment(self._path(sealed.segment)) as segment:
            content = segment.sealed(sealed.offset)
            came = None if known else segment.envelope(sealed.offset, self.key)
        return Raw(sealed.id, sealed.slot, content, came[0] if came else None)

    def _path(self, number: int) -> Path:
        return mails.segment_path(self._data / MAILS, number)


class _Sum:
    """Things counted and hashed whatever their order: equal figures are equal things."""

    def __init__(self) -> None:
        self.count = 0
        self._total = 0

    def add(self, thing: bytes) -> None:
        self.count += 1
        self._total += int.from_bytes(hashlib.sha256(thing).digest())

    @property
    def figure(self) -> tuple[int, int]:
        return self.count, self._total


class _Move:
    """One move on its way."""

    def __init__(self, files: _Files, step: Step) -> None:
        self._files = files
        self._step = step
        self._done = 0
        self._size = files.end.size + files.log_size
        self._total = 2 * self._size  # moved, then compared

    async def into(self, url: str, master: MasterKey) -> Done:
        database = Database(url)
        try:
            await database.open()
            target = Target(database, self._files.keyring)
            begun = await target.begin()
            seq = await self._lines(target, begun)
            if not begun.done:
                await self._mails(target)
            keys = KeyTable(database, master)
            await keys.open(make=False)
            done = await self._compared(target, PostgresStore(database, keys, master, LIFE))
            if not begun.done:
                await target.finish(seq, self._files.slots, self._files.numbers)
            return done
        finally:
            await database.close()
            await self._files.store.close()

    def _on(self, size: int) -> None:
        self._done = min(self._done + size, self._total)
        self._step(self._done, self._total)

    # --- moving -----------------------------------------------------------------------------

    async def _lines(self, target: Target, begun: Begun) -> int:
        """The number of the last."""
        reader = self._files.reader()
        for batch in self._batches(reader, begun):
            await target.take(batch)
        return reader.position.seq

    def _batches(self, reader: Reader, begun: Begun) -> Iterator[list[Moved]]:
        """Raises StoreError where the database has not come from these lines."""
        met = not begun.seq
        batch: list[Moved] = []
        size = 0
        for read in self._files.lines(reader):
            line = read.line
            self._on(read.end - read.at)
            if line.seq <= begun.seq:
                met = met or (line.seq, line.hash) == (begun.seq, begun.hash)
                continue
            if not met or begun.done:
                break
            changes = opened(line.changes, self._files.key)
            batch.append(Moved(line, changes, reader.head(line.chain).lines))
            size += read.end - read.at
            if len(batch) == LINES or size >= BYTES or changes.shreds:
                yield batch
                batch, size = [], 0
        if not met or (begun.done and reader.position.seq != begun.seq):
            raise other_desk()
        if batch:
            yield batch

    async def _mails(self, target: Target) -> None:
        sealed = self._files.mails()
        while page := list(islice(sealed, _LOOK)):
            here = await target.here({mail.id: mail.slot for mail in page})
            group: list[Raw] = []
            size = 0
            for mail in page:
                self._on(mail.size)
                if mail.slot in here.shredded or mail.id in here.raw:
                    continue
                group.append(self._files.raw(mail, known=mail.id in here.known))
                size += mail.size
                if size >= BYTES:
                    await target.keep(group)
                    group, size = [], 0
            if group:
                await target.keep(group)

    # --- comparing --------------------------------------------------------------------------

    async def _compared(self, target: Target, store: PostgresStore) -> Done:
        """Raises StoreError for what is not the same on both sides."""
        commits, chains = await self._journals(target)
        records = await self._records(store)
        kept = await self._contents(target)
        self._step(self._total, self._total)
        return Done(commits=commits, chains=chains, records=records, mails=kept, size=self._size)

    async def _journals(self, target: Target) -> tuple[int, int]:
        """How many lines and chains there are."""
        reader = self._files.reader()
        lines = self._files.lines(reader)
        async for page in target.lines():
            for body, number, own in page:
                read = next(lines, None)
                found = read and (read.line.seq, reader.head(read.line.chain).lines, read.line.hash)
                if read is None or found != (body.seq, number, own):
                    raise _differ(f"Line {body.seq} of the journal differs")
                if hash_of(encoded(body)) != own:
                    raise _differ(f"Line {body.seq} of the journal is not whole")
                self._on(read.end - read.at)
        heads = {chain: (head.hash, head.lines) for chain, head in reader.heads.items()}
        if next(lines, None) is not None or heads != await target.heads():
            raise _differ("The chains of the journal differ")
        return reader.lines, len(heads)

    async def _records(self, store: PostgresStore) -> dict[str, int]:
        """How many there are, by table."""
        here, there = await _sums(self._files.store.records()), await _sums(store.records())
        for table in (*here, *there):
            if here[table].figure != there[table].figure:
                counts = f"{here[table].count} and {there[table].count}"
                raise _differ(f"The {table} in the files and in the database differ ({counts})")
        return {table: found.count for table, found in here.items()}

    async def _contents(self, target: Target) -> int:
        """How many raw mails there are."""
        here, there = _Sum(), _Sum()
        for mail in self._files.mails():
            content = self._files.raw(mail, known=True).content
            here.add(mail.id.encode() + hashlib.sha256(content).digest())
            self._on(mail.size)
        async for mail_id, own in target.hashes():
            there.add(mail_id.encode() + own)
        if here.figure != there.figure:
            raise _differ(f"The raw mails differ ({here.count} and {there.count})")
        return here.count


async def _sums(records: AsyncIterator[Stored]) -> defaultdict[str, _Sum]:
    found: defaultdict[str, _Sum] = defaultdict(_Sum)
    async for record in records:
        found[record.table].add(_encode(record))
    return found


def _differ(what: str) -> StoreError:
    return StoreError(
        f"{what}, so the move does not count; drop the schema `desk` in the database and run "
        "`desk migrate` again. The files are as they were."
    )

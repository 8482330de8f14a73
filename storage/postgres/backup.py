"""What is in PostgreSQL as the files of an embedded store, for a backup.

The journal is the rows by sequence, each with its place among those of its chain; numbers that
were left out are written down as such. The mail log has the sealed contents as they are: only a
mail that the journal does not know yet gets its envelope. The keyring has the wrapped keys in
their slots. Nothing is opened, and nothing sealed anew but those few envelopes.
"""

from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

from storage import mails
from storage.backup import Piece
from storage.chain import NO_HEAD, encoded
from storage.errors import StoreDamaged
from storage.journal import line_of
from storage.keyring import FILE as KEYRING
from storage.keyring import SLOT_BYTES, file_of
from storage.opening import JOURNAL, MAILS
from storage.postgres import journal
from storage.postgres.database import Database
from storage.postgres.keys import KeyTable
from storage.postgres.mails import PostgresMails
from storage.records import InboundMail
from storage.sealing import DataKey, slot_of

Answer = TypeVar("Answer")
Wait = Callable[[Coroutine[Any, Any, Answer]], Answer]

_PAGE = 1_000
_LINE_BYTES = 400  #: of a line, beside its changes
_SIZE = """
    select (count(*) * %s + sum(pg_column_size(changes)) * 4 / 3)::bigint from journal
"""
_MAILS = f"""
    select key, substring(piece from 1 for 21),
        (select sum(octet_length(all_of.piece)) from raws all_of where all_of.key = r.key)::bigint
    from raws r where number = 0 and key > %s order by key limit {_PAGE}
"""
_KEYS = f"select slot, wrapped from keyring where slot > %s order by slot limit {_PAGE}"


class _Kept(NamedTuple):
    """A mail of the log to be."""

    id: str
    slot: int
    envelope: bytes
    size: int  #: of the sealed content

    def bytes(self, at: mails.Mark) -> int:
        """Of its record at a place."""
        return mails.size_of(self.id, self.slot, len(self.envelope), self.size, at)


class _Segment(NamedTuple):
    """Mails that lie together, and how many bytes they take."""

    number: int
    mails: list[_Kept]
    size: int


class Shown:
    """Implements `storage.backup.Source` over a database that does not change meanwhile."""

    def __init__(
        self,
        database: Database,
        keys: KeyTable,
        log: PostgresMails,
        fresh: list[InboundMail],
        wait: Wait[Any],
    ) -> None:
        """`fresh`: the mails that the journal does not know; `wait` runs a coroutine."""
        self._database = database
        self._keys = keys
        self._log = log
        self._fresh = {mail.id: mail for mail in fresh}
        self._wait = wait

    # --- the journal ------------------------------------------------------------------------

    def journal(self) -> Piece:
        ((size,),) = self._wait(self._database.rows(_SIZE, (_LINE_BYTES,)))
        return Piece(JOURNAL, size or 0, self._lines)

    def _lines(self) -> Iterator[bytes]:
        places: dict[str, int] = {}
        at = before = 0
        for page in self._each(journal.lines(self._database)):
            block = bytearray()
            for body, _, own in page:
                back = places.get(body.chain, NO_HEAD.at)
                after = None if body.seq == before + 1 else before
                places[body.chain] = at + len(block)
                # the whole file is synced before it counts
                block += line_of(encoded(body), own, back, before, after)
                before = body.seq
            at += len(block)
            yield bytes(block)

    # --- the mail log -----------------------------------------------------------------------

    def mails(self) -> Iterator[Piece]:
        for segment in self._segments():
            name = f"{MAILS}/{mails.segment_path(Path(), segment.number).name}"
            yield Piece(name, segment.size, partial(self._records, segment))

    def _segments(self) -> Iterator[_Segment]:
        """The same mails make the same segments, which an earlier backup may have already."""
        segment = _Segment(1, [], 0)
        for page in self._each(self._kept()):
            for kept in page:
                if segment.size >= mails.SEGMENT_BYTES:
                    yield segment
                    segment = _Segment(segment.number + 1, [], 0)
                size = segment.size + kept.bytes(mails.Mark(segment.number, segment.size))
                segment.mails.append(kept)
                segment = segment._replace(size=size)
        if segment.mails:
            yield segment

    async def _kept(self) -> AsyncIterator[list[_Kept]]:
        after = ""
        while found := await self._database.rows(_MAILS, (after,)):
            fresh = [head for key, head, _ in found if key in self._fresh]
            keys = await self._keys.found(self._database.rows, fresh)
            yield [
                _Kept(key, slot_of(head), self._envelope(key, keys.get(slot_of(head)), head), size)
                for key, head, size in found
            ]
            after = found[-1][0]

    def _envelope(self, mail_id: str, key: bytes | None, head: bytes) -> bytes:
        mail = self._fresh.get(mail_id)
        if mail is None or key is None:
            return b""
        return mails.sealed_mail(mail, b"", DataKey(slot_of(head), key))[0]

    def _records(self, segment: _Segment) -> Iterator[bytes]:
        at = mails.Mark(segment.number)
        for kept in segment.mails:
            content = self._wait(self._log.sealed(kept.id))
            if content is None or len(content) != kept.size:
                raise StoreDamaged(
                    f"The content of mail {kept.id} is not whole in the database: restore its "
                    "backup."
                )
            yield mails.written(kept.id, kept.slot, kept.envelope, content, at)
            at = mails.Mark(at.segment, at.offset + kept.bytes(at))

    # --- the keyring ------------------------------------------------------------------------

    def keyring(self) -> Piece:
        ((last,),) = self._wait(self._database.rows("select max(slot) from keyring"))
        return Piece(KEYRING, SLOT_BYTES * (last + 2), lambda: file_of(self._slots()))

    def _slots(self) -> Iterator[bytes | None]:
        wanted = 0
        for page in self._each(self._wrapped()):
            for slot, wrapped in page:
                yield from (None for _ in range(wanted, slot))
                yield wrapped
                wanted = slot + 1

    async def _wrapped(self) -> AsyncIterator[list[tuple[int, bytes | None]]]:
        after = -1
        while found := await self._database.rows(_KEYS, (after,)):
            yield [(slot, wrapped) for slot, wrapped in found]
            after = found[-1][0]

    def _each(self, pages: AsyncIterator[Answer]) -> Iterator[Answer]:
        async def following() -> Answer | None:
            return await anext(pages, None)

        while (page := self._wait(following())) is not None:
            yield page

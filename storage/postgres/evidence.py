"""What is in PostgreSQL, laid open to be verified."""

from collections.abc import AsyncIterator

from storage.chain import Body
from storage.postgres import journal
from storage.postgres.database import Database
from storage.postgres.keys import KeyTable

_PAGE = 1_000


class PostgresEvidence:
    """Implements `storage.verify.Source`, over a database that does not change meanwhile."""

    def __init__(self, database: Database, keys: KeyTable) -> None:
        self._database = database
        self._keys = keys
        self._found: dict[int, bytes | None] = {}

    def key(self, slot: int) -> bytes | None:
        """The key of a slot that one of the lines now looked at names; None = destroyed."""
        return self._found[slot]

    async def count(self) -> tuple[int, int]:
        query = "select (select count(*) from journal), count(*) from raws where number = 0"
        ((lines, mails),) = await self._database.rows(query)
        return int(lines), int(mails)

    async def lines(self) -> AsyncIterator[tuple[Body, str]]:
        async for page in journal.lines(self._database):
            blobs = [blob for line in page for blob in line.body.changes]
            self._found = await self._keys.found(self._database.rows, blobs)
            for line in page:
                yield line.body, line.hash

    async def mails(self) -> AsyncIterator[str]:
        after = ""
        query = f"select key from raws where number = 0 and key > %s order by key limit {_PAGE}"
        while found := await self._database.rows(query, (after,)):
            for (key,) in found:
                yield key
            after = found[-1][0]

"""Power cuts, kills and full disks at any call of the disk: what was said to be kept is kept.

Each seed is one desk that is cut off again and again. What happened inside depends on threads
too, so a seed is no full recipe: the disk as it was left is kept beside the test's data.
"""

import asyncio
import random
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from storage import embedded, keyring, mails
from storage.embedded import EmbeddedStore, open_store
from storage.errors import Conflict, StoreError, StoreFull, UnknownReference
from storage.opening import is_new
from storage.records import (
    Arrival,
    Commit,
    Entry,
    MailStatus,
    Mark,
    OutboxMessage,
    OutboxStatus,
    Shred,
    Suppression,
)
from tests.intake.fakes import inbound
from tests.storage.faults import everything
from tests.storage.lossy_disk import CUT, FULL, KILL, NEVER, LossyDisk, Trouble
from tests.storage.making import (
    MASTER,
    NOW,
    a_case,
    a_message,
    an_arrival,
    changed,
    closed,
    putting,
)
from tests.storage.plain import PlainStore

SEEDS, ROUNDS = 50, 22
LEASE = timedelta(minutes=5)


class World:
    """What everybody outside the desk knows: what was asked, what was promised, what was sent."""

    def __init__(self, chance: random.Random) -> None:
        self.chance = chance
        self.plain = PlainStore()
        self.sent: dict[str, int] = {}  #: message and the attempt it went out with
        self._ticks = 0
        self.asked: dict[datetime, Commit] = {}
        self.promised: dict[datetime, int] = {}
        self.refused: set[datetime] = set()
        self.claims: dict[datetime, OutboxMessage | None] = {}
        self.handed_in: dict[bytes, Arrival] = {}
        self.kept: dict[str, bytes] = {}
        self.turned_away: set[bytes] = set()
        self._judged: list[str] = []

    def tick(self) -> datetime:
        """A moment that nothing else has, so it names a commit; sometimes days after the last."""
        self._ticks += 1 if self.chance.random() < 0.98 else 9 * 24 * 3600 * 10**6
        return NOW + timedelta(microseconds=self._ticks)

    @property
    def people(self) -> tuple[Any, ...]:
        return (self.commits, self.mails, self.transport, self.purges, self.seals)

    # --- what people do ---------------------------------------------------------------------

    async def commits(self, store: EmbeddedStore) -> None:
        for _ in range(self.chance.randrange(12)):
            ref = f"PR-2026-{self.chance.randrange(6):04d}"
            case = await store.case(ref) or a_case(ref)
            case = changed(
                case,
                rev=case.rev - (self.chance.random() < 0.05),
                subject="s" * self.chance.randrange(400),
                requester_hash=f"hash {self.chance.randrange(3)}",
                message_ids=(f"<{self._ticks}@example.org>", *case.message_ids[:3]),
                remind_at=self.chance.choice((None, self.tick())),
            )
            lane = self.chance.choice(("slack:staff", f"mail:{ref}"))
            puts = (closed(case) if self.chance.random() < 0.2 else case, a_message(lane, case=ref))
            await self.commit(store, *puts, *self._more())

    async def visit(self, store: EmbeddedStore) -> None:
        """One case and one mail, no more."""
        await self.commit(store, a_case("PR-2027-0001"))
        content = b"the last"
        self.handed_in[content] = an_arrival(content, received_at=self.tick())
        self.kept[(await store.mails.append(self.handed_in[content])).id] = content

    def _more(self) -> tuple[Any, ...]:
        name, at = f"{self._ticks}", self.tick()
        mark = Mark(id=name, at=at)
        gone = Suppression(hash=name, address="rosa@example.org", since=at, case="PR-2026-0001")
        return self.chance.choice(((), (), (mark,), (gone,)))

    async def commit(
        self, store: EmbeddedStore, *puts: Any, act: str = "open", **said: Any
    ) -> None:
        at = self.tick()
        self.asked[at] = commit = putting(*puts, act=act, at=at, **said)
        try:
            self.promised[at] = await store.commit(commit)
        except (Conflict, StoreFull):
            self.refused.add(at)

    async def mails(self, store: EmbeddedStore) -> None:
        for _ in range(self.chance.randrange(8)):
            content = b"%d" % self._ticks + self.chance.randbytes(self.chance.randrange(700))
            arrival = an_arrival(content, received_at=self.tick())
            self.handed_in[content] = arrival
            try:
                mail = await store.mails.append(arrival)
            except StoreFull:
                self.turned_away.add(content)
                continue
            self.kept[mail.id] = content
            if self.chance.random() < 0.6:
                status = self.chance.choice((MailStatus.IGNORED, MailStatus.PROCESSED))
                await self.commit(store, changed(mail, status=status), act="read")
                self._judged.append(mail.id)

    async def purges(self, store: EmbeddedStore) -> None:
        for _ in range(self.chance.randrange(3)):
            ref = f"PR-2026-{self.chance.randrange(6):04d}"
            shreds = [Shred(life="content", key=ref)]
            if self._judged:
                shreds.append(Shred(life="raw", key=self.chance.choice(self._judged)))
            await self.commit(store, act="purge", case=ref, shreds=tuple(shreds))

    async def seals(self, store: EmbeddedStore) -> None:
        at = self.tick()
        try:
            await store.seal(at)
        except (Conflict, StoreFull):
            self.refused.add(at)

    async def transport(self, store: EmbeddedStore) -> None:
        """Sends what it could claim; what has gone out is out in the world for good."""
        for _ in range(self.chance.randrange(10)):
            at = self.tick()
            self.claims[at] = None
            try:
                claimed = await store.claim(at, LEASE)
            except StoreFull:
                self.refused.add(at)
                continue
            if claimed is None:
                await asyncio.sleep(0)
                continue
            self.claims[at] = claimed
            self.sent[claimed.id] = claimed.attempts
            status = self.chance.choice((OutboxStatus.SENT, OutboxStatus.PENDING))
            outcome = changed(claimed, status=status, claimed_until=None)
            await self.commit(store, outcome, act="outcome")

    # --- what must be so afterwards ---------------------------------------------------------

    async def check(self, store: EmbeddedStore) -> dict[str, Any]:
        """Every promise kept, nothing half there, nothing that was refused or had gone."""
        await self._arrived(store)
        entries = [entry async for entry in store.history()]
        assert [entry.seq for entry in entries] == list(range(1, len(entries) + 1))
        before = len(self.plain.entries)
        for entry in entries[before:]:
            await self._replay(store, entry)
        assert entries == self.plain.entries
        for at, seq in self.promised.items():
            assert entries[seq - 1].at == at
        found = await everything(store)
        assert found == await everything(self.plain)
        await self._check_contents(store)
        for message_id, attempts in self.sent.items():
            message = await store.message(message_id)
            assert message == await self.plain.message(message_id)
            assert message is None or message.attempts >= attempts
        self._forget()
        return found

    async def _arrived(self, store: EmbeddedStore) -> None:
        """Every mail that is there was handed in, and was not turned away."""
        found = [mail.id async for mail in store.all_mails()]
        assert set(found) >= self.kept.keys()
        for mail_id in found:
            if await self.plain.mail(mail_id) is None:
                content = self.kept.get(mail_id) or await store.mails.raw(mail_id)
                assert content not in self.turned_away
                mail = inbound(self.handed_in.pop(content), mail_id)
                self.plain.arrived(mail, content)

    async def _check_contents(self, store: EmbeddedStore) -> None:
        async for mail in store.all_mails():
            if mail.id in self.plain.mails.contents:
                assert await store.mails.raw(mail.id) == self.plain.mails.contents[mail.id]
            else:
                with pytest.raises(UnknownReference):
                    await store.mails.raw(mail.id)

    async def _replay(self, store: EmbeddedStore, entry: Entry) -> None:
        assert entry.at not in self.refused
        commit = self.asked.get(entry.at)
        if commit is None and entry.act == "seal":
            commit = await self._sealed(entry)
        elif commit is None:
            message = self.claims[entry.at] or await self._claimed(store, entry)
            claim = changed(message, rev=message.rev - 1)
            commit = putting(claim, act="attempt", at=entry.at, case=message.case)
        await self.plain.commit(commit)

    async def _sealed(self, entry: Entry) -> Commit:
        count, note = entry.note.split()
        before = await self.plain.mark("seal") or Mark(id="seal", at=entry.at)
        mark = changed(before, at=entry.at, count=int(count), note=note)
        return putting(mark, act="seal", at=entry.at, note=entry.note)

    async def _claimed(self, store: EmbeddedStore, entry: Entry) -> OutboxMessage:
        """A claim that was written and never heard of: the store alone knows of which message."""
        purged = None
        for old in await self.plain.messages_of(entry.case or ""):
            new = await store.message(old.id)
            if new is None:
                purged = changed(old, rev=old.rev + 1)
            elif new.attempts > old.attempts:
                return new
        assert purged is not None
        return purged

    def _forget(self) -> None:
        """What was checked is history; what was lost is unknown, and must not come back."""
        for held in (self.asked, self.promised, self.claims, self.handed_in, self.kept):
            held.clear()
        self.refused.clear()


class Desk:
    """One data folder on a disk that forgets, and its world."""

    def __init__(self, folder: Path, seed: int, *, worst: bool = False) -> None:
        self.chance = random.Random(seed)
        self.world = World(self.chance)
        self.folder = folder
        self.disk = LossyDisk(folder, self.chance, worst=worst)
        self.data = folder / "new" / "data"

    async def round(self, trouble: Trouble, *people: Any, end: str = "") -> bool:
        """Open, check what the time before left, work until trouble comes; did it?

        Without it the machine ends like that when all have done their work, or the desk is closed.
        """
        self.disk.trouble = Trouble(self.disk.calls + trouble.at, trouble.what)
        store = None
        try:
            store = await self._opened()
            await asyncio.gather(*(person(store) for person in people))
            if end:
                self.disk.stop(end)
        except StoreError:
            assert self.disk.dead or (trouble.what == FULL and self._came())
        if store is not None:
            await store.close()
        came = self._came()
        self._afterwards()
        return came

    def _came(self) -> bool:
        return self.disk.calls >= self.disk.trouble.at

    async def _opened(self) -> EmbeddedStore:
        looked = None
        if not is_new(self.data):
            reader = await open_store(self.data, MASTER, read_only=True)
            looked = await everything(reader)
            await reader.close()
        store = await open_store(self.data, MASTER, disk=self.disk)
        found = await self.world.check(store)
        assert looked in (None, found)
        return store

    def _afterwards(self) -> None:
        if not self.disk.dead:
            self.disk.stop(self.chance.choice((CUT, KILL)))
        if self.disk.left is None:
            self.disk.revive()
            return
        self.disk.forget()
        self.disk.left.restore(self.folder)
        self.disk = LossyDisk(self.folder, self.chance, worst=self.disk.worst)


@pytest.fixture(autouse=True)
def _small(monkeypatch: pytest.MonkeyPatch) -> None:
    """So that snapshots, segments and batches of keys come often."""
    monkeypatch.setattr(embedded, "SNAPSHOT_COMMITS", 15)
    monkeypatch.setattr(mails, "SEGMENT_BYTES", 3000)
    monkeypatch.setattr(keyring, "BATCH", 24)
    monkeypatch.setattr(keyring, "LOW", 6)


@pytest.mark.parametrize("seed", range(SEEDS))
async def test_what_was_promised_outlives_any_trouble(tmp_path: Path, seed: int) -> None:
    desk = Desk(tmp_path / "disk", seed)
    world, chance = desk.world, desk.chance
    for number in range(ROUNDS):
        before = desk.disk.image()
        what = chance.choices((CUT, KILL, FULL), (6, 3, 2))[0]
        kinds = [world.commits, world.commits, world.mails, world.transport]
        try:
            async with asyncio.timeout(60):
                await desk.round(
                    Trouble(chance.randrange(1, 70), what), *chance.choices(kinds, k=4)
                )
        except BaseException as fault:
            before.restore(tmp_path / "before")
            fault.add_note(f"Seed {seed}, round {number}; the disk before it is in {tmp_path}.")
            raise
    desk.disk.forget()


@pytest.mark.parametrize("what", [CUT, KILL, FULL])
async def test_trouble_at_each_call_in_turn(tmp_path: Path, what: str) -> None:
    """Then a desk works on in what was left, and a power cut takes all that it did not sync."""
    number, came = 0, True
    while came:
        number += 1
        desk = Desk(tmp_path / f"{number}", 7, worst=True)
        world = desk.world
        people = (*world.people, world.commits)
        try:
            came = await desk.round(Trouble(number, what), *people)
            await desk.round(NEVER, world.visit, end=CUT)
            await desk.round(NEVER)
        except BaseException as fault:
            fault.add_note(f"{what} at call {number}")
            raise
        desk.disk.forget()
    assert number > 40

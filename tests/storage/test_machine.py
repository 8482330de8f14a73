"""Any order of any operations: a store and a few plain dicts give the same answers."""

import asyncio
import shutil
from collections.abc import Awaitable, Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    consumes,
    invariant,
    multiple,
    precondition,
    rule,
    run_state_machine_as_test,
)

from storage.embedded import open_store
from storage.errors import Conflict, UnknownReference
from storage.postgres.store import open_postgres
from storage.records import (
    Case,
    Commit,
    InboundMail,
    MailStatus,
    Mark,
    OutboxMessage,
    OutboxStatus,
    Shred,
    Suppression,
)
from storage.store import Store
from tests.postgres import emptied
from tests.storage.faults import everything
from tests.storage.hurry import archive_at_once
from tests.storage.making import (
    MASTER,
    MINUTE,
    NOW,
    a_case,
    a_message,
    an_arrival,
    changed,
    closed,
    putting,
)
from tests.storage.plain import PlainStore

LEASE = timedelta(hours=1)
REFS = st.sampled_from([f"PR-2026-{n:04d}" for n in range(1, 6)])
LANES = st.sampled_from(["slack:staff", "mail:PR-2026-0001"])
TIMES = st.integers(-5, 5).map(lambda minutes: NOW + minutes * MINUTE)
FACTS = st.fixed_dictionaries(
    {},
    optional={
        "subject": st.text(max_size=5),
        "requester_hash": st.sampled_from(["hash 1", "hash 2"]),
        "received_at": TIMES,
        "remind_at": st.none() | TIMES,
        "message_ids": st.lists(
            st.sampled_from([f"<{n}@example.org>" for n in range(4)]), unique=True, max_size=3
        ).map(tuple),
    },
)
DUE = st.integers(1, 4).map(lambda day: date(2026, 12, day))


class Backend(NamedTuple):
    """A place to keep one store at a time."""

    fresh: Callable[[], Callable[[], Awaitable[Store]]]  #: forget all; what opens a store anew
    examples: int
    alone: bool  #: one process has it all: no number is left out, nothing waits for others
    repeats: bool = True  #: archived mails are not looked at for these


def embedded(folder: Path) -> Backend:
    def fresh() -> Callable[[], Awaitable[Store]]:
        shutil.rmtree(folder, ignore_errors=True)
        return lambda: open_store(folder, MASTER)

    return Backend(fresh, 40, alone=True)


def postgres(url: str) -> Backend:
    def fresh() -> Callable[[], Awaitable[Store]]:
        emptied(url)
        return lambda: open_postgres(url, MASTER)

    return Backend(fresh, 6, alone=False)


def told(answers: dict[str, Any]) -> dict[str, Any]:
    """Without what is left to a backend: which numbers its lines have, as long as they rise."""
    answers.pop(
        "waiting"
    )  # tested with the intake's turns: who was given a mail has it for a while
    for entries in (answers["history"], *answers["histories"].values()):
        numbers = [entry.seq for entry in entries]
        assert numbers == sorted(set(numbers))
        entries[:] = [changed(entry, seq=0) for entry in entries]
    return answers


class Machine(RuleBasedStateMachine):
    """A store, its model, and what a desk would do with them."""

    mails: Bundle[str] = Bundle("mails")
    messages: Bundle[str] = Bundle("messages")
    claims: Bundle[OutboxMessage] = Bundle("claims")

    def __init__(self, backend: Backend) -> None:
        super().__init__()
        self.backend = backend
        self.plain = PlainStore()
        self.claimed: set[str] = set()
        self.given: set[str] = set()
        self.runner = asyncio.Runner()
        self.open = backend.fresh()
        self.store = self.runner.run(_awaited(self.open()))

    def teardown(self) -> None:
        self.runner.run(self.store.close())
        self.runner.close()

    def one(self, kind: Any, key: str) -> Any:
        return self.plain.records[kind.table, key]

    async def commit(self, commit: Commit) -> None:
        """On both; what one refuses, so does the other."""
        try:
            seq = await self.store.commit(commit)
        except Conflict:
            with pytest.raises(Conflict):
                await self.plain.commit(commit)
        else:
            number = await self.plain.commit(commit)
            assert seq == number or not self.backend.alone

    def do(self, *puts: Any, act: str = "act", **said: Any) -> None:
        self.runner.run(self.commit(putting(*puts, act=act, **said)))

    # --- cases ------------------------------------------------------------------------------

    def case(self, ref: str, facts: dict[str, Any]) -> Case:
        known: Any = self.plain.records.get((Case.table, ref))
        return changed(known or a_case(ref), **facts)

    @rule(ref=REFS, facts=FACTS, end=st.booleans())
    def put_case(self, ref: str, facts: dict[str, Any], end: bool) -> None:
        case = self.case(ref, facts)
        self.do(closed(case) if end else case)

    @rule(ref=REFS, due_on=DUE)
    def open_anew(self, ref: str, due_on: date) -> None:
        self.do(changed(self.case(ref, {}), requests=a_case(due_on=due_on).requests))

    @rule(ref=REFS, facts=FACTS, by=st.sampled_from([-1, 1, 7]), beside=LANES)
    def conflict(self, ref: str, facts: dict[str, Any], by: int, beside: str) -> None:
        case = self.case(ref, facts)
        self.do(a_message(beside, case=ref), changed(case, rev=abs(case.rev + by)))

    @rule(changes=st.lists(st.tuples(REFS, FACTS), min_size=2, max_size=5))
    def at_once(self, changes: list[tuple[str, dict[str, Any]]]) -> None:
        """Of those that change one case one wins."""
        commits = [putting(self.case(*change), act="at once") for change in changes]
        tried = [self.store.commit(commit) for commit in commits]
        results = self.runner.run(_all(tried))
        won = [each for each in zip(results, commits, strict=True) if isinstance(each[0], int)]
        for _, commit in sorted(won, key=lambda each: each[0]):
            self.runner.run(self.plain.commit(commit))
        assert sorted(commit.puts[0].key for _, commit in won) == sorted({c[0] for c in changes})
        assert all(isinstance(result, int | Conflict) for result in results)

    @rule(case=st.none() | REFS, note=st.text(max_size=5))
    def note(self, case: str | None, note: str) -> None:
        self.do(act="note", case=case, note=note)

    @rule(year=st.sampled_from([2026, 2027]))
    def reference(self, year: int) -> None:
        ref = self.runner.run(self.store.next_reference(year))
        assert ref.startswith(f"PR-{year}-")
        assert (Case.table, ref) not in self.plain.records
        assert ref not in self.given
        self.given.add(ref)

    # --- mails ------------------------------------------------------------------------------

    @rule(
        target=mails,
        content=st.sampled_from([b"one", b"two\r\n", b""]),
        sender=st.sampled_from(["ann@example.org", ""]),
        at=TIMES,
    )
    def arrive(self, content: bytes, sender: str, at: Any) -> str:
        arrival = an_arrival(content, mail_from=sender, received_at=at)
        mail = self.runner.run(self.store.mails.append(arrival))
        self.plain.arrived(mail, content)
        return mail.id

    @rule(mail_id=mails, status=st.sampled_from(MailStatus), case=st.none() | REFS)
    def judge(self, mail_id: str, status: MailStatus, case: str | None) -> None:
        mail = self.one(InboundMail, mail_id)
        self.do(changed(mail, status=status, case=case, reason="why"), case=case)

    @rule(mail_id=mails, minutes=st.integers(0, 10))
    def look_for_a_repeat(self, mail_id: str, minutes: int) -> None:
        mail, within = self.one(InboundMail, mail_id), minutes * MINUTE
        if not mail.sha256 or not self.backend.repeats:
            return  # shredded, or the first one may be archived
        found = self.runner.run(self.store.earlier_mail(mail, within))
        assert found == self.runner.run(self.plain.earlier_mail(mail, within))

    # --- what goes out ----------------------------------------------------------------------

    @rule(
        target=messages,
        lane=LANES,
        case=st.none() | REFS,
        times=st.lists(TIMES, min_size=1, max_size=3),
        status=st.sampled_from([OutboxStatus.PENDING, OutboxStatus.PENDING, OutboxStatus.DRAFT]),
    )
    def write(self, lane: str, case: str | None, times: list[Any], status: OutboxStatus) -> Any:
        messages = [a_message(lane, case=case, send_after=at, status=status) for at in times]
        self.do(*messages, case=case)
        return multiple(*(message.id for message in messages))

    @rule(message_id=messages, at=TIMES, draft=st.booleans())
    def preview(self, message_id: str, at: Any, draft: bool) -> None:
        message = self.plain.records.get((OutboxMessage.table, message_id))
        if message is None:
            return  # purged
        if message.status in (OutboxStatus.DRAFT, OutboxStatus.PENDING) and not message.attempts:
            status = OutboxStatus.DRAFT if draft else OutboxStatus.PENDING
            self.do(changed(message, status=status, send_after=at), case=message.case)

    @rule(target=claims, now=TIMES)
    def claim(self, now: Any) -> Any:
        allowed = self.plain.claimable(now, self.claimed)
        claimed = self.runner.run(self.store.claim(now, LEASE))
        assert (claimed is None) == (not allowed)
        if claimed is None:
            return multiple()
        assert claimed.id in allowed
        before = self.one(OutboxMessage, claimed.id)
        attempt = changed(before, attempts=before.attempts + 1, claimed_until=claimed.claimed_until)
        commit = putting(attempt, act="attempt", at=now, case=before.case)
        self.runner.run(self.plain.commit(commit))
        assert claimed == self.one(OutboxMessage, claimed.id)
        self.claimed.add(claimed.id)
        return claimed

    @rule(
        claim=consumes(claims),
        status=st.sampled_from([*OutboxStatus, OutboxStatus.PENDING, OutboxStatus.PENDING]),
        at=TIMES,
    )
    def outcome(self, claim: OutboxMessage, status: OutboxStatus, at: Any) -> None:
        """Late ones lose: another attempt has been made since."""
        known = self.plain.records.get((OutboxMessage.table, claim.id))
        current = known is not None and known.rev == claim.rev
        self.do(
            changed(claim, status=status, claimed_until=None, send_after=at),
            act="outcome",
            case=claim.case,
        )
        if current:
            self.claimed.discard(claim.id)

    # --- the rest ---------------------------------------------------------------------------

    @rule(name=st.sampled_from(["day 1", "day 2"]), count=st.integers(0, 3))
    def mark(self, name: str, count: int) -> None:
        known: Any = self.plain.records.get((Mark.table, name))
        self.do(changed(known or Mark(id=name, at=NOW), count=count))
        assert self.runner.run(self.store.mark(name)) == self.one(Mark, name)

    @rule(key=st.sampled_from(["hash 1", "hash 2"]), at=TIMES)
    def suppress(self, key: str, at: Any) -> None:
        known: Any = self.plain.records.get((Suppression.table, key))
        new = Suppression(hash=key, address="ann@example.org", since=at, case="PR-2026-0001")
        self.do(changed(new, rev=known.rev if known else 0))
        assert self.runner.run(self.store.suppression(key)) == self.one(Suppression, key)

    @rule(ref=REFS, lives=st.sampled_from([("content",), ("content", "skeleton")]))
    def purge(self, ref: str, lives: tuple[Any, ...]) -> None:
        self.do(act="purge", case=ref, shreds=tuple(Shred(life=life, key=ref) for life in lives))
        for message_id in self.claimed.copy():
            if (OutboxMessage.table, message_id) not in self.plain.records:
                self.claimed.discard(message_id)

    @rule(mail_id=mails)
    def purge_mail(self, mail_id: str) -> None:
        if not self.one(InboundMail, mail_id).rev:
            return  # nobody has worked on it: its time has not begun
        self.do(act="purge", shreds=(Shred(life="raw", key=mail_id),))
        with pytest.raises(UnknownReference):
            self.runner.run(self.store.mails.raw(mail_id))

    @rule(days=st.integers(0, 9))
    def seal(self, days: int) -> None:
        before: Any = self.plain.records.get((Mark.table, "seal"))
        mark = self.runner.run(self.store.seal(NOW + timedelta(days=days)))
        assert mark.count == len(self.plain.entries) or not self.backend.alone
        assert before is None or before.note != mark.note
        note = f"{mark.count} {mark.note}"
        said = putting(changed(mark, rev=mark.rev - 1), act="seal", at=mark.at, note=note)
        self.runner.run(self.plain.commit(said))

    @precondition(lambda self: self.plain.records)
    @rule()
    def verify(self) -> None:
        assert self.runner.run(self.store.verify(lambda *_: None)) == ()

    @precondition(lambda self: self.plain.records)
    @rule()
    def reopen(self) -> None:
        self.runner.run(self.store.close())
        self.store = self.runner.run(_awaited(self.open()))
        self.given.clear()
        self.claimed.clear()

    # --- what must be so --------------------------------------------------------------------

    @invariant()
    def the_same_answers(self) -> None:
        self.runner.run(self._the_same_answers())

    async def _the_same_answers(self) -> None:
        assert told(await everything(self.store)) == told(await everything(self.plain))
        for mail_id, content in self.plain.mails.contents.items():
            assert await self.store.mails.raw(mail_id) == content
        for limit in (1, 2):
            due = await self.store.cases_to_remind(NOW, limit)
            assert due == await self.plain.cases_to_remind(NOW, limit)

    @invariant()
    def whoever_sleeps_wakes_in_time(self) -> None:
        wake = self.runner.run(self.store.next_send_at())
        times = sorted(message.send_after for message in self.plain.all_of(OutboxMessage))
        free = [at for at in times if self.plain.claimable(at, self.claimed)]
        assert not free or (wake is not None and wake <= free[0])
        assert free or wake is None or not self.backend.alone


async def _awaited(coming: Awaitable[Any]) -> Any:
    return await coming


async def _all(coming: list[Awaitable[Any]]) -> list[Any]:
    return await asyncio.gather(*coming, return_exceptions=True)


@pytest.fixture(params=["embedded", "archiving", "postgres"])
def backend(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Backend:
    if request.param == "postgres":
        return postgres(request.getfixturevalue("postgres_url"))
    if request.param == "archiving":
        archive_at_once(monkeypatch)
        return embedded(tmp_path / "data")._replace(examples=12, repeats=False)
    return embedded(tmp_path / "data")


def test_any_order_of_operations_ends_as_in_the_model(backend: Backend) -> None:
    run_state_machine_as_test(
        lambda: Machine(backend),
        settings=settings(
            max_examples=backend.examples,
            stateful_step_count=40,
            deadline=None,
            # a failure is told at once: to find its shortest form may take minutes
            phases=[Phase.explicit, Phase.reuse, Phase.generate],
            suppress_health_check=list(HealthCheck),
        ),
    )

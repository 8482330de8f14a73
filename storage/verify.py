"""Is everything that was written still there, unchanged, and found again? For both backends.

The journal is read whole: sequence, hashes, chains and seals. What its records should be now is
held against what the store answers, by reference, by status and by every index; then each raw
mail is opened. Each fault is one sentence.
"""

import hashlib
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator
from typing import NamedTuple, Protocol

import msgspec

from storage.chain import NO_HASH, NO_HEAD, Body, Head, encoded, hash_of, seal_of
from storage.errors import StoreDamaged, UnknownReference
from storage.records import Case, InboundMail, MailStatus, OutboxMessage, OutboxStatus, Stored
from storage.sealing import KeyOf
from storage.sheets import opened
from storage.store import Store

SEAL = "seal"  #: the act of a seal's line, and the mark that holds the newest
Step = Callable[[int, int], None]  #: how much is done, of how much

_encode = msgspec.json.Encoder().encode


class Source(Protocol):
    """What a backend shows of itself to be checked."""

    async def count(self) -> tuple[int, int]:
        """How many lines, at most, and how many mails there are."""

    def lines(self) -> AsyncIterator[tuple[Body, str]]:
        """Every line's body and hash, by sequence. Raises StoreDamaged, also for a number that
        may not be left out."""

    def mails(self) -> AsyncIterator[str]:
        """Id of every raw mail there is."""


class _Seal(NamedTuple):
    """A seal covers the lines up to one, and the seal before."""

    through: int
    hash: str


class Chains:
    """Reads line by line; faults are what does not follow."""

    def __init__(self) -> None:
        self.faults: list[str] = []
        self._seq = 0
        self._heads: dict[str, Head] = {}
        #: what the seals still to come may be about: heads as they were then
        self._sealed: dict[str, list[tuple[int, Head]]] = {}
        self._before = NO_HASH

    def take(self, body: Body, own: str) -> None:
        name = f"Line {body.seq} of the journal"
        if hash_of(encoded(body)) != own:
            self.faults.append(f"{name} is not what was written there (its hash is wrong).")
        if body.seq <= self._seq:
            self.faults.append(f"{name} follows line {self._seq}: lines are doubled or misplaced.")
        head = self._heads.get(body.chain, NO_HEAD)
        if body.prev != head.hash:
            self.faults.append(f"{name} does not follow the line before it in its chain.")
        self._seq = body.seq
        self._heads[body.chain] = Head(own, body.seq, head.lines + 1)
        self._sealed.setdefault(body.chain, [(0, head)]).append((body.seq, self._heads[body.chain]))

    def seal(self, body: Body, note: str) -> None:
        """Check the seal that a line holds."""
        through, _, sealed = note.partition(" ")
        heads = dict(self._at(int(through) if through.isdecimal() else -1))
        if not through.isdecimal() or seal_of(heads, self._before) != sealed:
            self.faults.append(
                f"The seal of {body.at:%d %b %Y} (line {body.seq}) does not fit the lines before "
                "it: something was changed, added or left out since the seal before."
            )
        self._before = sealed
        self._sealed = {chain: [(0, head)] for chain, head in self._heads.items()}

    def _at(self, through: int) -> Iterator[tuple[str, Head]]:
        """The heads as they were after one line."""
        for chain, heads in self._sealed.items():
            head = next((head for seq, head in reversed(heads) if seq <= through), NO_HEAD)
            if head.lines:
                yield chain, head


class Checked(NamedTuple):
    """What the journal says there is: a digest of each record, by table and key."""

    records: dict[tuple[str, str], bytes]
    faults: list[str]


async def verify(store: Store, source: Source, key_of: KeyOf, step: Step) -> tuple[str, ...]:
    """One sentence a fault; empty = all is well."""
    lines, mails = await source.count()
    total = lines + 2 * mails
    try:
        said = await _journal(source, key_of, lambda done: step(min(done, lines), total))
        faults = [*said.faults, *await _records(store, said.records)]
    except StoreDamaged as damage:
        return (str(damage),)
    done = lines
    async for mail_id in source.mails():
        faults += await _mail(store, mail_id)
        done += 1
        step(min(done, total), total)
    faults += await _log(store, source)
    step(total, total)
    return tuple(faults)


async def _journal(source: Source, key_of: KeyOf, step: Callable[[int], None]) -> Checked:
    chains = Chains()
    records: dict[tuple[str, str], bytes] = {}
    number = 0
    async for body, own in source.lines():
        chains.take(body, own)
        changes = opened(body.changes, key_of)
        records.update({(put.table, put.key): digest(put) for put in changes.puts})
        if body.act == SEAL:
            chains.seal(body, changes.note)
        number += 1
        step(number)
    return Checked(records, chains.faults)


def digest(record: Stored) -> bytes:
    return hashlib.blake2b(_encode(record), digest_size=8).digest()


async def _records(store: Store, expected: dict[tuple[str, str], bytes]) -> list[str]:
    """What the store answers against what the journal says."""
    found: Counter[str] = Counter()
    faults: list[str] = []
    async for record in _all(store):
        found[record.table] += 1
        if expected.get((record.table, record.key)) != digest(record):
            faults.append(f"{record.key} in {record.table} is not as the journal has it.")
        if isinstance(record, Case):
            faults += [f"{record.ref} is not found {how}." for how in await _lost(store, record)]
    said = Counter(table for table, _ in expected)
    for kind in (Case, InboundMail, OutboxMessage):
        if said[kind.table] != found[kind.table]:
            faults.append(
                f"The store shows {found[kind.table]} {kind.table}, the journal {said[kind.table]}."
            )
    return faults


async def _all(store: Store) -> AsyncIterator[Case | InboundMail | OutboxMessage]:
    async for case in store.all_cases():
        yield case
    async for mail in store.all_mails():
        if mail.rev:  # one without is in the mail log alone, for now
            yield mail
    for status in OutboxStatus:
        for message in await store.messages_with(status):
            yield message


async def _lost(store: Store, case: Case) -> list[str]:
    """By which index a case cannot be found."""
    lost = []
    if await store.case(case.ref) != case:
        lost.append("under its reference")
    if case.requester_hash and case not in await store.cases_of(case.requester_hash):
        lost.append("under its requester")
    lost += [
        "under a message of its conversation"
        for message_id in case.message_ids
        if await store.case_with_message(message_id) is None
    ]
    if not case.closed and case not in await store.cases([case.ref]):
        lost.append("among the open cases")
    return lost


async def _mail(store: Store, mail_id: str) -> list[str]:
    """Is a raw mail what came in?"""
    mail = await store.mail(mail_id)
    if mail is None or not mail.sha256:
        return []  # shredded: there is nothing to compare it with
    try:
        content = await store.mails.raw(mail_id)
    except (StoreDamaged, UnknownReference) as fault:
        return [str(fault)]
    if hashlib.sha256(content).hexdigest() != mail.sha256:
        return [f"The content of mail {mail_id} is not what came in."]
    return []


async def _log(store: Store, source: Source) -> list[str]:
    """Has every mail that the journal knows its raw mail, unless that was shredded?"""
    raw = {mail_id async for mail_id in source.mails()}
    known = [mail async for mail in store.all_mails()]
    waiting = {mail.id for mail in await store.mails_with(MailStatus.RECEIVED)}
    faults = [
        f"The content of mail {mail.id} is missing."
        for mail in known
        if mail.sha256 and mail.id not in raw
    ]
    unlisted = raw - {mail.id for mail in known}
    faults += [f"Mail {mail_id} is kept and not listed." for mail_id in sorted(unlisted)]
    lost = {mail.id for mail in known if mail.status is MailStatus.RECEIVED} - waiting
    faults += [f"Mail {mail_id} waits and is not found so." for mail_id in sorted(lost)]
    return faults

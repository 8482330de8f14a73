"""Lists that staff sort page by page: imported mail, and some of what was ignored by machine."""

from collections.abc import Mapping
from datetime import date, datetime
from enum import StrEnum
from functools import partial

from handlers.bursts import BURST
from handlers.commits import LISTS, import_list, list_mark
from handlers.handler import Moment, Person
from handlers.ignoring import CONFIRMED, RIGHT
from handlers.incoming import CANARY, FromMail
from handlers.requests import close_request, replace
from handlers.sorting import NOTHING, labelled, right_of
from storage.errors import Refused
from storage.records import (
    Card,
    Case,
    Circle,
    Commit,
    InboundMail,
    ListToSort,
    MailStatus,
    Outcome,
    Record,
    Request,
    Stored,
)

IGNORED = "ignored"  #: what the names of weekly lists begin with; those of imports with IMPORTED
WEEKLY = 20  #: ignored mails put to staff each week
RECENT = 100  #: of those, at most, when somebody asks for all
#: how something ended that was answered before it was imported
ENDINGS = (
    Outcome.FULFILLED,
    Outcome.PARTLY_FULFILLED,
    Outcome.REFUSED,
    Outcome.REFERRED,
    Outcome.WITHDRAWN,
)


class Choice(StrEnum):
    """What a person says of one line of a list."""

    OPEN = "open"
    ANSWERED = "answered"
    IGNORE = "ignore"
    RIGHT = "right"
    REQUEST = "request"


class Sorting(Record, frozen=True, kw_only=True):
    """Some lines of a list, sorted by one person: reference or mail id, and what was chosen."""

    choices: Mapping[str, Choice]
    by: Person
    name: str = ""  #: of the list
    ending: Outcome = Outcome.FULFILLED  #: of those answered before
    note: str = ""


class Sorted(Record, frozen=True, kw_only=True):
    """What became of it. `late`: others had sorted those before; `again`: to be worked on anew."""

    done: int = 0
    late: int = 0
    again: tuple[InboundMail, ...] = ()


class FromLists(FromMail):
    """One commit for each line: each is a case's, or a mail's."""

    async def left(self, wanted: ListToSort) -> int:
        """How many lines of a list wait."""
        if wanted.name.startswith(IGNORED):
            return len(await self.ignored(wanted.mails))
        if wanted.name.startswith(BURST):
            return await self.burst_size(wanted.name)
        return len(await self.imported(wanted.name.partition(":")[2]))

    # --- imported mail

    async def imported(self, batch: str = "") -> tuple[Case, ...]:
        """Of one import, or of all, what nobody has sorted; the oldest first."""
        resting = [c for c in await self.store.cases() if c.at_rest and batch in {"", c.batch}]
        return tuple(sorted(resting, key=lambda case: (case.received_at, case.ref)))

    async def sort_imported(self, sorting: Sorting, now: datetime) -> Sorted:
        """Raises Refused for a case of a closed circle; what came before it is sorted."""
        if sorting.ending not in ENDINGS:
            raise Refused("That is no way something was answered before.")
        done = 0
        for ref, choice in sorting.choices.items():
            done += await self.decided(partial(self._sort, ref, choice, sorting, now))
        return Sorted(done=done, late=len(sorting.choices) - done)

    async def _sort(self, ref: str, choice: Choice, sorting: Sorting, now: datetime) -> bool:
        case = await self.store.case(ref)
        if case is None or case.closed or not case.at_rest:
            return False
        if not sorting.by.may_see(case):
            raise Refused("Only members of this case's circle can do that. Nothing was changed.")
        moment = Moment(case=case, by=sorting.by, now=now)
        match choice:
            case Choice.OPEN:
                after, note = replace(case, taken_up=True), "open, out of an import"
            case Choice.ANSWERED:
                after = self._answered(moment, sorting.ending)
                note = "answered before it was imported"
            case _:
                after, note = _nothing_asked(moment), "asks nothing, out of an import"
        after = self._reminded(replace(after, version=case.version + 1), now)
        if sorting.note.strip() and choice is Choice.ANSWERED:
            note = f"{note}: {sorting.note.strip()}"
        puts: list[Stored] = [after, *await self._said(case, after, now)]
        puts += await self.listed(import_list(case.batch), now)
        if not after.closed and case.card is None:
            # an archive's cards must not hold up those of today
            puts.append(self.message(LISTS, Card(case=ref), now, sorting.by.id))
        elif case.card is not None:
            puts.append(await self.refreshed(after, now, sorting.by.id))
        act = "take_up" if choice is Choice.OPEN else "close"
        await self.store.commit(
            Commit(at=now, actor=sorting.by.id, act=act, case=ref, note=note, puts=tuple(puts))
        )
        return True

    def _answered(self, moment: Moment, ending: Outcome) -> Case:
        """Closed as what the desk took it for: the person has read that beside it."""
        case = moment.case
        guessed = case.reading.kinds if case.reading else ()
        kinds = [self.registry[name] for name in guessed if name in self.registry]
        if kinds:
            clock = case.requests[0].due
            asked = tuple(
                Request(id=number, kind=kind.name, right=right_of(case, kind), due=clock)
                for number, kind in enumerate(kinds, start=1)
            )
            case = replace(case, requests=asked)
        for request in case.open_requests:
            case = close_request(case, request.id, ending, moment)
        return replace(case, triage=False)

    # --- what was ignored by machine

    async def ignored(self, mails: tuple[str, ...] = ()) -> tuple[InboundMail, ...]:
        """Of those mails, or of all, what nobody has judged; the newest first."""
        found = [m for m in await self.store.mails_with(MailStatus.IGNORED) if _to_judge(m)]
        wanted = [m for m in found if m.id in mails] if mails else found
        return tuple(sorted(wanted, key=lambda mail: mail.id, reverse=True)[:RECENT])

    async def drawn(self, name: str) -> tuple[str, ...]:
        """The mails of a week's list; none = all there are."""
        mark = await self.store.mark(list_mark(name))
        message = await self.store.message(mark.note) if mark else None
        content = message.content if message else None
        return content.mails if isinstance(content, ListToSort) else ()

    async def saw_ignored(self, mail_id: str, by: Person, now: datetime) -> None:
        """The reading is logged. Raises Refused."""
        if not by.may_act_in(Circle.STAFF):
            raise Refused("Only the privacy team can do that. Nothing was changed.")
        mail = await self.store.mail(mail_id)
        if mail is None or not _to_judge(mail):
            raise Refused("This mail is no longer on the list.")
        note = f"mail {mail_id}"
        await self.store.commit(Commit(at=now, actor=by.id, act="show_message", note=note))

    async def judge(self, sorting: Sorting, now: datetime) -> Sorted:
        """Rightly ignored, or a request after all. Raises Refused."""
        if not sorting.by.may_act_in(Circle.STAFF):
            raise Refused("Only the privacy team can do that. Nothing was changed.")
        done, again = 0, []
        for mail_id, choice in sorting.choices.items():
            mail = await self.store.mail(mail_id)
            if mail is None or not _to_judge(mail):
                continue
            done += 1
            if choice is Choice.REQUEST:
                again.append(await self.rework(mail_id, sorting.by.id, now))
            else:
                await self.decided(partial(self._confirmed, mail_id, sorting.by.id, now))
        if done and await self.store.mark(list_mark(sorting.name)) is not None:
            await self.decided(partial(self._redrawn, sorting, now))
        return Sorted(done=done, late=len(sorting.choices) - done, again=tuple(again))

    async def _confirmed(self, mail_id: str, by: str, now: datetime) -> None:
        mail = await self.store.mail(mail_id)
        if mail is None or not _to_judge(mail):
            return
        after = replace(mail, reason=f"{CONFIRMED}{mail.reason}")
        puts = (after, await self._tallied(RIGHT, now))
        await self.store.commit(
            Commit(at=now, actor=by, act="confirm_ignored", note=mail.reason, puts=puts)
        )

    async def _redrawn(self, sorting: Sorting, now: datetime) -> None:
        puts = await self.listed(sorting.name, now)
        await self.store.commit(Commit(at=now, actor=sorting.by.id, act="list", puts=puts))

    async def weekly(self, day: date, now: datetime) -> tuple[Stored, ...]:
        """Once a week some of what was ignored by machine alone, for a person to look through."""
        year, week, _ = day.isocalendar()
        name = f"{IGNORED}:{year}-W{week:02}"
        if not await self.ignores_alone() or await self.store.mark(list_mark(name)) is not None:
            return ()
        # ids end at random: by their ends they are drawn, the same ones at each try
        drawn = sorted((mail.id for mail in await self.ignored()), key=lambda i: i[::-1])[:WEEKLY]
        return await self.listed(name, now, tuple(drawn)) if drawn else ()


def _nothing_asked(moment: Moment) -> Case:
    case = moment.case
    for request in case.open_requests:
        case = close_request(case, request.id, Outcome.NOT_A_REQUEST, moment)
    return labelled(replace(case, triage=False), NOTHING)


def _to_judge(mail: InboundMail) -> bool:
    """Ignored by machine, of nothing of ours, and there still."""
    ours = mail.case is not None or mail.reason == CANARY or mail.reason.startswith("repeat of ")
    judged = mail.reason.startswith(CONFIRMED)
    return mail.status is MailStatus.IGNORED and bool(mail.sha256) and not (ours or judged)

"""What people do to a case: each click is checked on the server, then done in one commit."""

from datetime import datetime

from handlers import approvals, earlier, offers
from handlers.circles import BARRED
from handlers.deadlines.reminders import told_anew
from handlers.drafting import Drafting
from handlers.handler import (
    Action,
    Answer,
    Click,
    Done,
    Effect,
    Faults,
    Form,
    Moment,
    Offer,
    Person,
    Role,
    Stale,
)
from handlers.requests import letter_of, replace
from storage.errors import Refused
from storage.records import (
    Case,
    Letter,
    OutboxMessage,
    Request,
    Shred,
    Stored,
)


class FromPeople(Drafting):
    """Compare and set: a click counts for the case as it was drawn, or where nobody disputes it."""

    async def offers(self, ref: str) -> tuple[Case, tuple[Offer, ...]]:
        """Raises UnknownReference."""
        case = await self.case(ref)
        return case, offers.offers(case, self.registry)

    async def form(self, click: Click, now: datetime) -> Form:
        """What the action asks, with what is chosen already. Raises Refused, UnknownReference."""
        case = await self.case(click.ref)
        action = self._action(click)
        admit(case, action, click.by)
        request = self._request(case, action, click)
        if not offers.offered(action, case, request, self.registry):
            raise Refused(_no_longer(case, action))
        form = action.form(await self._moment(case, request, click, now))
        if form is None:
            raise Refused(f"{action.label} has no form: it acts at once.")
        if not click.by.may_see(case):  # who has no key and is shown a part of it leaves a trace
            await self.decided(lambda: self.commit("look", click.by.id, case, now))
        return form

    async def act(self, click: Click, now: datetime) -> Answer:
        """Raises Refused, UnknownReference."""
        if click.action == "show_message":
            case = await self.saw_message(click.ref, click.by, now)
            return Done(said=f"You opened the message of {case.ref}.", case=case)
        return await self.decided(lambda: self._act(click, now))

    async def _act(self, click: Click, now: datetime) -> Answer:
        case, action = await self.case(click.ref), self._action(click)
        request = self._request(case, action, click)
        if not click.by.may_see(case):
            admit(case, action, click.by)
        if action.name == "claim" and case.assignee == click.by.id:
            return Done(said=f"{case.ref} is yours already.", case=case)
        if said := self._outdated(case, action, request, click):
            return Stale(said=said, case=case)
        admit(case, action, click.by)
        moment = await self._moment(case, request, click, now)
        if found := action.faults(moment):
            return Faults(fields=found)
        return await self._carry_out(action, moment, action.do(moment))

    def _outdated(self, case: Case, action: Action, request: Request | None, click: Click) -> str:
        """Why the click no longer counts; "" = it does."""
        if not offers.offered(action, case, request, self.registry):
            if case.assignee is None and not case.closed and click.version == case.version:
                raise Refused(f"Claim {case.ref} first.")
            return _no_longer(case, action)
        if click.version != case.version and (why := action.disputed(case, request)):
            return f"{case.ref} {why}. Nothing was changed."
        return ""

    async def saw_message(self, ref: str, by: Person, now: datetime) -> Case:
        """The reading is logged, and the mail no longer waits. Raises Refused, UnknownReference."""
        return await self.decided(lambda: self._saw(ref, by, now))

    async def _saw(self, ref: str, by: Person, now: datetime) -> Case:
        case = await self.case(ref)
        admit(case, self.registry.actions["show_message"], by)
        puts: list[Stored] = []
        if case.answered:
            case = replace(case, answered=False)
            puts = [case, await self.refreshed(case, now, by.id)]
        await self.commit("show_message", by.id, case, now, *puts)
        return await self.case(ref)

    async def saw_attachment(
        self, ref: str, mail: str, place: int, by: Person, now: datetime
    ) -> None:
        """It may be opened, and that is logged, without its name. Raises Refused,
        UnknownReference."""
        case = await self.case(ref)
        admit(case, self.registry.actions["show_message"], by)
        if mail not in case.mails:
            raise Refused(f"That mail is not one of {ref}.")
        why = f"mail {mail}, attachment {place + 1}"
        await self.commit("read_attachment", by.id, case, now, why=why)

    # --- what a click becomes ---------------------------------------------------------------

    def _action(self, click: Click) -> Action:
        action = self.registry.actions.get(click.action)
        if action is None:
            raise Refused(f"There is no action {click.action}.")
        return action

    def _request(self, case: Case, action: Action, click: Click) -> Request | None:
        """The request meant; where none is named, the first the action can be done to."""
        if action.about == "case":
            return None
        if click.request is not None:
            found = [r for r in case.requests if r.id == click.request]
            if not found:
                raise Refused(f"{case.ref} asks that no more: the card shows what it asks now.")
            return found[0]
        return next((r for r in case.requests if action.offered(case, r)), case.requests[0])

    async def _moment(
        self, case: Case, request: Request | None, click: Click, now: datetime
    ) -> Moment:
        action = self.registry.actions[click.action]
        form = dict(click.form)
        if click.value and action.answers:
            form[action.answers] = click.value
        draft = await self._draft(case, request.id if request else None, click.by)
        return Moment(
            case=case,
            by=click.by,
            now=now,
            request=request,
            form=form,
            kinds=self.registry.kinds,
            policy=self.policy,
            other=await self._named(form.get(action.names, "") if action.names else ""),
            draft=draft.content if draft and isinstance(draft.content, Letter) else None,
            letter=await self._waiting(case, form.get("about") or form.get("letter", "")),
            team=click.team,
        )

    async def _named(self, ref: str) -> Case | None:
        """The other case that a form names."""
        return await self.store.case(ref.strip().upper()) if ref.strip() else None

    async def _waiting(self, case: Case, about: str) -> Letter | None:
        """The letter that waits to be sent, or for a second person."""
        message = await self.store.message(about) if letter_of(case, about) else None
        return message.content if message and isinstance(message.content, Letter) else None

    async def _carry_out(self, action: Action, moment: Moment, effect: Effect) -> Answer:
        before, by, now = moment.case, moment.by.id, moment.now
        puts: list[Stored] = []
        case, drafted = await self._drafted(effect, moment, puts)
        case = self._settled(moment, case, action)
        case = await self._complained(before, case)
        going = await self._moved_letter(effect, case, now, puts)
        case, apart = await self._apart(effect, moment, case)
        case, listed, lifted = await self._unwanted(effect, case, now)
        puts += [*await self._elsewhere(effect, case, now, by), *apart, *listed]
        if effect.fork:
            case, forked = await self._forked(case, now)
            puts += forked
        if case != before:
            puts.append(case)
            # a draft is its author's alone: the card has nothing new to show
            puts += [] if drafted else [await self.refreshed(case, now, by)]
        puts += await self.met(moment.by, now)
        puts += self._messages(effect, before, case, moment)
        puts += [*await self._said(before, case, now), *await self._off_list(before, case, now)]
        shreds = (*(Shred(life="raw", key=mail) for mail in effect.shred), *lifted)
        await self.commit(action.name, by, case, now, *puts, why=effect.note, shreds=shreds)
        case = await self.case(case.ref)
        if drafted is not None:
            return await self._reviewed(drafted, case)
        return self._told(effect, moment, case, going)

    def _messages(self, effect: Effect, before: Case, case: Case, moment: Moment) -> list[Stored]:
        """Who learns of it, and where."""
        by, now = moment.by.id, moment.now
        puts: list[Stored] = []
        if effect.line:
            puts.append(self.line(case, effect.line, now, by))
        if effect.alarm:
            puts += self.alarm(case, effect.alarm, now)
        told = ((who, text) for who, text in effect.tell if who not in case.shut)
        puts += [self.direct(person, text, case, now, by) for person, text in told]
        puts += [self.to_owner(person, number, case, now, by) for person, number in effect.ask]
        puts += self.owners_done(before, case, now)
        return puts

    def _told(
        self, effect: Effect, moment: Moment, case: Case, going: OutboxMessage | None
    ) -> Done:
        """What the clicker reads, and for a while the way back."""
        if not moment.by.may_see(case):  # nor can they call it back
            return Done(said=effect.said, case=case)
        if effect.send and going is not None:
            at = going.send_after
            return Done(said=effect.said, case=case, back="undo", undo=going.id, until=at)
        back, value = effect.back
        until = moment.now + self.policy.undo if back else None
        return Done(said=effect.said, case=case, back=back, undo=value, until=until)

    async def _complained(self, before: Case, case: Case) -> Case:
        """It is a complaint since: the closed cases it may be about are looked for."""
        if earlier.complains(before):
            return case
        return await earlier.of_requester(self.store, case)

    def _settled(self, moment: Moment, case: Case, action: Action) -> Case:
        """What follows of itself: the version, the circle and the clock."""
        before, by, now = moment.case, moment.by, moment.now
        if action.rises:
            case = replace(case, version=before.version + 1)
        case = approvals.tidied(case)
        same_clock = case.requests == before.requests and case.approvals == before.approvals
        if same_clock and (case.assignee is None) == (before.assignee is None):
            return case
        case = replace(case, acknowledgement=told_anew(case, self.policy))
        return self._reminded(self._moved(case, by), now)

    def _moved(self, case: Case, by: Person) -> Case:
        """Into the circle its kinds ask for; a case nobody has sorted stays where it is.

        Whoever had it keeps it only with the key: the reminders would go to somebody who
        can neither open it nor give it back.
        """
        kinds = [request.kind for request in case.requests if request.kind is not None]
        if not kinds or case.triage or case.held_for:
            return case
        circle = self.registry.circle(kinds, case.flags)
        if circle is case.circle:
            return case
        keeps = case.assignee == by.id and by.may_act_in(circle)
        return replace(case, circle=circle, assignee=case.assignee if keeps else None)


def admit(case: Case, action: Action, by: Person) -> None:
    """Raises Refused for those who may not do this to this case."""
    out = case.barred if action.frees else earlier.kept_out(case)
    if by.id in out and not action.reads:
        raise Refused(BARRED)
    if not action.admits(case, by):
        raise Refused("Only members of this case's channel can do that. Nothing was changed.")
    others = case.assignee not in {None, by.id}
    if others and not action.anyone and not case.closed and Role.MANAGER not in by.roles:
        raise Refused(f"{case.ref} is with <@{case.assignee}>: ask them, or use Hand over.")


def _no_longer(case: Case, action: Action) -> str:
    if action.name == "claim" and case.assignee:
        return f"{case.ref} was taken by <@{case.assignee}> before you. Nothing was changed."
    if action.name == "undo":
        return "Too late: the letter has gone out. Nothing was changed."
    if case.closed:
        return f"{case.ref} is closed. Nothing was changed."
    return f"{action.label} is no longer open for {case.ref}. Nothing was changed."

"""Letters that people begin: drafted, shown, let go and called back, alone or two as one."""

from datetime import datetime

from handlers import lawful, recipients, verification
from handlers.elsewhere import Elsewhere
from handlers.handler import Draft, Effect, Moment, Person, Review
from handlers.letters import templates
from handlers.letters.templates import ENGLISH
from handlers.letters.wording import Matter, write
from handlers.requests import letter_of, letter_state, replace, with_letter, without_letter
from storage.errors import Refused
from storage.records import (
    Case,
    Letter,
    LetterState,
    OutboxMessage,
    OutboxStatus,
    Stored,
)


class Drafting(Elsewhere):
    """A draft is its author's alone, and the next one for the same request takes its place."""

    async def _draft(self, case: Case, number: int | None, by: Person) -> OutboxMessage | None:
        """The letter this person began for this request and has not sent."""
        others = {letter.along for letter in case.letters}
        for letter in case.letters:
            mine = letter.by == by.id and letter.status is OutboxStatus.DRAFT
            mine = mine and letter.id not in others
            if mine and number is not None and letter.request == number:
                return await self.store.message(letter.id)
        return None

    async def _with_its_other(
        self, case: Case, message: OutboxMessage | None
    ) -> tuple[OutboxMessage, ...]:
        """A letter, and the one that goes with it."""
        if message is None:
            return ()
        state = letter_of(case, message.id)
        beside = await self.store.message(state.along) if state and state.along else None
        return (message, beside) if beside else (message,)

    async def _drafted(
        self, effect: Effect, moment: Moment, puts: list[Stored]
    ) -> tuple[Case, OutboxMessage | None]:
        """The draft of a letter, in place of the one this person began before.

        It is another letter: the preview of the one before can no longer send anything.
        """
        if effect.draft is None:
            return effect.case, None
        if not moment.case.requester:
            raise Refused(f"The mail of {moment.case.ref} names no address to write to.")
        message = self.letter(effect.case, effect.draft, moment.now, moment.by.id)
        case = effect.case
        before = await self._draft(moment.case, effect.draft.request, moment.by)
        for old in await self._with_its_other(moment.case, before):
            case = without_letter(case, old.id)
            if isinstance(old.content, Letter):
                puts.append(replace(old, content=replace(old.content, body="", words="")))
        puts.append(message)
        if effect.draft.template == verification.CODE:
            to = effect.draft.to
            case = verification.challenged(case, message, to, self.keys, self.policy)
        self._lawful(case, effect.draft, message, moment)
        state = self._state(case, effect.draft, message)
        if (other := effect.draft.beside) is not None:
            beside = self.letter(case, other, moment.now, moment.by.id)
            puts.append(beside)
            state = replace(state, along=beside.id)
            case = with_letter(case, self._state(case, other, beside))
        return with_letter(case, state), message

    def _lawful(self, case: Case, draft: Draft, message: OutboxMessage, moment: Moment) -> None:
        """Raises Refused for what lacks what the law wants."""
        if isinstance(message.content, Letter):
            about = self.matter(case, draft.request, moment.now)
            if said := lawful.bar(message.content, about):
                raise Refused(said)

    def _state(self, case: Case, draft: Draft, message: OutboxMessage) -> LetterState:
        state = letter_state(message, draft.request)
        corrected = letter_of(case, draft.replaces)  # it shows what that one showed
        template = templates.template(corrected.template if corrected else state.template)
        to = self.recipient(case, draft)
        return replace(state, drifted=recipients.drifted(case, template, to))

    async def _reviewed(self, message: OutboxMessage, case: Case) -> Review:
        """The letter, and the one that goes with it."""
        state = letter_of(case, message.id)
        beside = await self.store.message(state.along) if state and state.along else None
        review = self._review(message, case)
        return replace(review, beside=self._review(beside, case)) if beside else review

    def _review(self, message: OutboxMessage, case: Case) -> Review:
        content = message.content
        if not isinstance(content, Letter):
            raise TypeError("only letters are reviewed")
        slow = templates.template(content.template).slow
        window = self.policy.undo_long if slow else self.policy.undo
        state = letter_of(case, message.id)
        about = self.matter(case, state.request if state else None, message.created_at)
        return Review(
            case=case,
            letter=message.id,
            to=content.to,
            subject=content.subject,
            body=content.body,
            window=int(window.total_seconds()),
            language=content.language,
            english=self._in_english(content, about),
            warning=self.policy.letters.warning(content.template, content.language),
            ticks=lawful.ticks(content, about),
        )

    def _in_english(self, letter: Letter, about: Matter) -> str:
        """The template of a letter in another language, for a reader who does not know it."""
        if letter.language == ENGLISH:
            return ""
        given = lawful.given(letter, about, ENGLISH)
        return write(letter.template, about, ENGLISH, **given).body

    async def _moved_letter(
        self, effect: Effect, case: Case, now: datetime, puts: list[Stored]
    ) -> OutboxMessage | None:
        """Let a draft go, or call it back."""
        wanted = effect.send or effect.undo
        if not wanted:
            return None
        going = await self._with_its_other(case, await self.store.message(wanted))
        moved = []
        for message in going:
            state = letter_of(case, message.id)
            if state is None:
                break
            if effect.undo and (message.attempts or message.send_after <= now):
                raise Refused("Too late: the letter has gone out, or is going out now.")
            at, by = state.at, state.by
            moved.append(
                replace(message, status=state.status, send_after=at, created_by=by, error="")
            )
        if not moved:
            raise Refused("This letter is no longer there: write it anew with Reply.")
        puts += moved
        return moved[0]

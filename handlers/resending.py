"""Send again: a letter that came back, or could not be delivered, once more and as it was."""

from handlers import lawful
from handlers.composing import matter_of
from handlers.handler import Action, Draft, Effect, Moment
from handlers.letters import templates
from handlers.requests import replace
from handlers.verification import CODE
from storage.errors import Refused
from storage.records import Case, LetterState, OutboxStatus, Request


def returned(case: Case) -> LetterState | None:
    """The last that reached nobody, if nothing of its kind has been written since."""
    for letter in reversed(case.letters):
        failed = letter.bounced or letter.status is OutboxStatus.DEAD
        if failed and not _tried(case, letter) and letter.template != CODE:
            return letter
    return None


def _tried(case: Case, letter: LetterState) -> bool:
    """Once is enough: what comes back twice wants another way."""
    same = (x for x in case.letters if (x.template, x.request) == (letter.template, letter.request))
    return sum(1 for _ in same) > 1


class SendAgain(Action):
    """A draft with the same words, to be looked at and sent like any other."""

    name = "send_again"
    label = "Send again"
    answers = "about"
    rises = False
    writes = True

    def offered(self, case: Case, request: Request | None) -> bool:
        return case.assignee is not None and returned(case) is not None

    def value(self, case: Case) -> str:
        letter = returned(case)
        return letter.id if letter else ""

    def do(self, moment: Moment) -> Effect:
        state, letter = returned(moment.case), moment.letter
        if state is None or letter is None or state.id != moment.form.get("about"):
            raise Refused("This letter is no longer there: write it anew with Reply.")
        request = next((r for r in moment.case.requests if r.id == state.request), None)
        moment = replace(moment, request=request)
        given = lawful.given(letter, matter_of(moment), letter.language)
        draft = Draft(
            template=state.template,
            request=state.request,
            words=letter.words,
            given={name: said for name, said in given.items() if name != "reason"},
            language=letter.language,
            to=letter.to,
            replaces=letter.replaces,
            closing=letter.closing,
            extending=letter.extending,
        )
        title = templates.template(state.template).title
        return Effect(case=moment.case, said=f"{title}: please read it once more.", draft=draft)

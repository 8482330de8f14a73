"""Correct our last letter: a letter that takes its place, and undoes what it had settled."""

from handlers import composing
from handlers.deadlines.working_days import local_day
from handlers.handler import Action, Draft, Effect, Form, Moment
from handlers.letter_actions import failed, may_say, request_of
from handlers.letters import templates
from handlers.letters.catalogue import long_date
from handlers.requests import letter_of, replace, with_letter
from storage.errors import Refused
from storage.records import Case, LetterState, OutboxStatus, Request

TEMPLATE = "correcting"


def last_letter(case: Case) -> LetterState | None:
    """The last one that reached somebody and is not corrected yet; rather one of a person's."""
    gone = [
        letter
        for letter in case.letters
        if letter.status is OutboxStatus.SENT
        and not (letter.bounced or letter.replaced_by or letter.template == TEMPLATE)
    ]
    return max(gone, key=lambda letter: (letter.by != "desk", letter.at), default=None)


class CorrectLetter(Action):
    """Say what was wrong; once it has gone, what our last letter ended or moved is undone."""

    name = "correct_letter"
    label = "Correct our last letter"
    asks = True
    answers = "about"
    rises = False

    def offered(self, case: Case, request: Request | None) -> bool:
        ours = case.closed or case.assignee is not None
        return ours and bool(case.requester) and last_letter(case) is not None

    def value(self, case: Case) -> str:
        letter = last_letter(case)
        return letter.id if letter else ""

    def form(self, moment: Moment) -> Form:
        letter = _wanted(moment)
        title = templates.template(letter.template).title
        return Form(
            title="Correct our last letter",
            submit="Review",
            intro=f"Replaces: {title}, {letter.at:%d %b %Y}. What that settled is then undone.",
            fields=composing.fields(_about(moment, letter), TEMPLATE, **_given(moment, letter)),
        )

    def faults(self, moment: Moment) -> dict[str, str]:
        wrong = _wanted(moment)
        read = _about(moment, wrong)
        if not may_say(read, wrong.template):
            return {"body": "What was wrong may show data: settle identity first, Verify."}
        return composing.faults(read, TEMPLATE, **_given(moment, wrong))

    def do(self, moment: Moment) -> Effect:
        letter = _wanted(moment)
        draft = Draft(
            template=TEMPLATE,
            request=letter.request,
            to=moment.letter.to if moment.letter else "",
            words=composing.words_of(moment, TEMPLATE),
            given=_given(moment, letter),
            language=composing.language_of(moment),
            replaces=letter.id,
        )
        return Effect(case=moment.case, said="Please read it once more.", draft=draft)


def corrected(case: Case, letter: str, by: str) -> Case:
    """The letter `by` took the place of that one: what it ended or moved is as it was before."""
    wrong = letter_of(case, letter)
    if wrong is None:
        return case
    return failed(with_letter(case, replace(wrong, replaced_by=by)), wrong)


def _wanted(moment: Moment) -> LetterState:
    wanted = moment.form.get("about") or CorrectLetter().value(moment.case)
    letter = letter_of(moment.case, wanted)
    if letter is None or letter.replaced_by:
        raise Refused(f"{moment.case.ref} has no letter that could be corrected.")
    return letter


def _about(moment: Moment, letter: LetterState) -> Moment:
    """With the request that the wrong letter was about."""
    return replace(moment, request=request_of(moment.case, letter))


def _given(moment: Moment, letter: LetterState) -> dict[str, str]:
    day = local_day(letter.at, moment.policy.timezone)
    return {"replaced": long_date(day, composing.language_of(moment))}

"""A former colleague asks: what access takes beside its own steps, in a closed circle.

Chosen by staff, or by the red flag. HR answers for the personnel file and counsel for the
mailboxes, as owners of those systems; what is found there is rarely about one person alone.
"""

from handlers.flags import FLAGS, closest
from handlers.handler import Action, Effect, Field, Form, Kind, Moment, Step
from handlers.requests import noted, replace
from handlers.steps import NOTE, WHY, choice, text, ticked
from storage.records import Case, Request

FLAG = "ex_employee"

AUTHORITY = Step(
    name="authority",
    label="See the authority",
    action="authority_seen",
    button="Authority seen",
    intro="Of the lawyer or union who writes for them.",
    flags=frozenset({FLAG}),
    asks=(
        text("scope", "What it covers", 'Or "they write themselves"'),
        text("date", "Its date", optional=True),
    ),
)
SEARCHED = Step(
    name="searched",
    label="Search the mailboxes",
    action="searched",
    button="Mailboxes searched",
    flags=frozenset({FLAG}),
    after=("authority", "heard"),
    asks=(
        text("mailboxes", "Which mailboxes, from when to when"),
        text("words", "Which words were searched for"),
    ),
)
PRIVILEGE = Step(
    name="privilege",
    label="Review privilege and others' data",
    action="privilege",
    button="Privilege reviewed",
    intro="Mail among colleagues is about several of them.",
    flags=frozenset({FLAG}),
    after=("searched",),
    asks=(
        ticked(
            "Looked at",
            "Legal privilege, by counsel",
            "Other people's data taken out",
            "References given in confidence, management plans",
        ),
        WHY,
    ),
)
SEND_TO = Step(
    name="send_to",
    label="Send to client or lawyer?",
    action="send_to",
    button="Client or lawyer?",
    flags=frozenset({FLAG}),
    after=("authority",),
    asks=(
        choice(
            "to",
            "The answer goes to",
            client="The person themselves",
            lawyer="Their lawyer: the authority covers it",
        ),
        NOTE,
    ),
)
#: before any answer goes
BEFORE_ANSWER = ("authority", "searched", "privilege", "send_to")


class FormerColleague(Action):
    """Staff know what the mail did not say: it is one who worked here."""

    name = "former_colleague"
    label = "Former colleague"
    asks = True

    def offered(self, case: Case, request: Request | None) -> bool:
        ours = case.assignee is not None and not case.closed and not case.triage
        return ours and FLAG not in case.flags

    def fits(self, kinds: tuple[Kind, ...]) -> bool:
        return any(FLAG in step.flags for kind in kinds for step in kind.steps)

    def form(self, moment: Moment) -> Form:
        return Form(
            title="Former colleague",
            submit="Close the circle",
            intro="The case goes to the closed circle, and its access request takes more steps: "
            "the authority, the mailboxes, privilege, who gets the answer.",
            fields=(Field(name="why", label="How do you know?", max_length=300),),
        )

    def faults(self, moment: Moment) -> dict[str, str]:
        return {} if moment.form.get("why", "").strip() else {"why": "Say how you know."}

    def do(self, moment: Moment) -> Effect:
        case = noted(moment.case, moment, self.name, moment.form["why"])
        circle = closest(case.circle, FLAGS[FLAG].circle)
        keeps = case.assignee == moment.by.id and moment.by.may_act_in(circle)
        case = replace(
            case,
            flags=(*case.flags, FLAG),
            circle=circle,
            assignee=case.assignee if keeps else None,
        )
        return Effect(
            case=case,
            said=f"{case.ref} is in the closed circle, with the steps of a former colleague.",
            line=f"<@{moment.by.id}>: it belongs in the closed circle.",
        )


class NotFormerColleague(Action):
    """It was somebody else's word for it: the steps of a former colleague fall away."""

    name = "not_former_colleague"
    label = "Not a former colleague"
    asks = True

    def offered(self, case: Case, request: Request | None) -> bool:
        return FLAG in case.flags and case.assignee is not None and not case.closed

    def form(self, moment: Moment) -> Form:
        why = Field(name="why", label="Why", max_length=300)
        return Form(title="Not a former colleague", submit="Take it back", fields=(why,))

    def faults(self, moment: Moment) -> dict[str, str]:
        return {} if moment.form.get("why", "").strip() else {"why": "Say why; it is kept."}

    def do(self, moment: Moment) -> Effect:
        case = noted(moment.case, moment, self.name, moment.form["why"])
        return Effect(
            case=replace(case, flags=tuple(flag for flag in case.flags if flag != FLAG)),
            said=f"{case.ref}: the steps of a former colleague fall away.",
            line=f"<@{moment.by.id}>: not a former colleague's.",
        )

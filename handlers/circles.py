"""A case about one of us: it goes to the managers, and who is named is shut out of it.

Nobody shut out can open, read, decide or lift anything of it: `Person.may_see` is asked on the
server at each click.
"""

from handlers.company import PERSON
from handlers.flags import closest
from handlers.handler import Action, Effect, Field, Form, Moment
from handlers.owners import passed_over
from handlers.requests import noted, replace
from storage.records import Case, Circle, Request

#: the red flag that goes with it
STAFF = "staff"
#: to whom a case is barred, and to who would hand it to them
BARRED = "Nobody decides a case that is about them, or about one they closed."


class AboutUs(Action):
    """It names or describes one of us: theirs is not the case to see."""

    name = "about_us"
    label = "About one of us"
    asks = True
    anyone = True

    def offered(self, case: Case, request: Request | None) -> bool:
        return True

    def form(self, moment: Moment) -> Form:
        return Form(
            title="About one of us",
            submit="Shut them out",
            intro="The case goes to the managers. Who is named cannot open it, nor undo this.",
            fields=(
                Field(name="named", label="Who is named or described?", type="person"),
                Field(name="why", label="How do you know?", optional=True, max_length=300),
            ),
        )

    def faults(self, moment: Moment) -> dict[str, str]:
        if not PERSON.fullmatch(moment.form.get("named", "")):
            return {"named": "Choose a person."}
        return {}

    def do(self, moment: Moment) -> Effect:
        case, named = moment.case, moment.form["named"]
        shut = tuple(dict.fromkeys((*case.shut, named)))
        flags = tuple(dict.fromkeys((*case.flags, STAFF)))
        case = replace(case, shut=shut, flags=flags, circle=closest(case.circle, Circle.MANAGERS))
        if case.assignee != moment.by.id or not moment.by.may_see(case):
            case = replace(case, assignee=None)
        heirs = (moment.case.assignee, moment.by.id)
        heir = next((who for who in heirs if who and who not in shut), "")
        case, ask = passed_over(case, heir) if heir else (case, ())
        return Effect(
            case=noted(case, moment, self.name, moment.form.get("why", "")),
            said=f"{case.ref} is with the managers. Who is named cannot open it any more.",
            line="It is about one of us: the managers have it now.",
            ask=ask,
        )


class LetIn(Action):
    """It was not about one of us after all."""

    name = "let_in"
    label = "Not about one of us"
    asks = True

    def offered(self, case: Case, request: Request | None) -> bool:
        return bool(case.shut)

    def form(self, moment: Moment) -> Form:
        named = ", ".join(f"<@{person}>" for person in moment.case.shut)
        return Form(
            title="Not about one of us",
            submit="Let them in",
            intro=f"Shut out now: {named}.",
            fields=(Field(name="why", label="Why", max_length=300),),
        )

    def faults(self, moment: Moment) -> dict[str, str]:
        if not moment.form.get("why", "").strip():
            return {"why": "Say why; it is kept with the case."}
        return {}

    def do(self, moment: Moment) -> Effect:
        case = moment.case
        flags = tuple(flag for flag in case.flags if flag != STAFF)
        case = noted(replace(case, shut=(), flags=flags), moment, self.name, moment.form["why"])
        return Effect(
            case=case,
            said=f"{case.ref}: nobody is shut out any more.",
            line=f"<@{moment.by.id}>: it is not about one of us.",
        )

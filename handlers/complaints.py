"""What a complaint is about, as staff record it: an earlier case, a person, a breach. Pure."""

from collections.abc import Mapping

from handlers import breaches, earlier
from handlers.handler import Action, Effect, Field, Form, Moment
from handlers.linking import linked, other_fault
from handlers.requests import noted, replace
from storage.records import Case, Request

#: what the step asks that is answered from the case itself
EARLIER, NOT_ABOUT = "earlier", "not_about"
BREACH = "breach"


def offered(field: Field, moment: Moment) -> Field | None:
    """The closed cases it may be about, all ticked; None = there are none to ask about."""
    if field.name not in {EARLIER, NOT_ABOUT}:
        return field
    refs = _found(moment)
    if not refs or field.name == NOT_ABOUT:
        return field if refs else None
    return replace(field, options=tuple((ref, ref) for ref in refs), initial=" ".join(refs))


def faults(moment: Moment) -> dict[str, str]:
    """What is wrong with what was said of it, by field name."""
    form, found = moment.form, {}
    if form.get("case", "").strip() and (fault := other_fault(moment, "case")):
        found["case"] = fault
    if (
        set(_found(moment)) - set(form.get(EARLIER, "").split())
        and not form.get(NOT_ABOUT, "").strip()
    ):
        found[NOT_ABOUT] = "Say why: whoever closed it may work on this one then."
    told = form.get("matter") == BREACH and form.get("since", "").strip()
    if told and (fault := breaches.since_fault(moment)):
        found["since"] = fault
    return found


def beside(moment: Moment) -> tuple[Case, tuple[Case, ...]]:
    """Linked with the cases it is about, whose closers decide nothing here; and the one that the
    form names. The others it may have been about keep nobody out any more."""
    case, mine = moment.case, _found(moment)
    about = [e for e in case.earlier if e.ref in moment.form.get(EARLIER, "").split()]
    case = replace(case, earlier=tuple(e for e in case.earlier if e.ref not in mine))
    case = replace(case, linked=tuple(dict.fromkeys((*case.linked, *(e.ref for e in about)))))
    case = barred(case, *(person for each in about for person in each.closed_by))
    if moment.other is None:
        return case, ()
    case, other = linked(case, moment.other)
    return barred(case, *earlier.closers(other)), (other,)


def rung(case: Case, moment: Moment, answers: Mapping[str, str]) -> tuple[Case, str]:
    """A breach is a matter for the managers, with a clock of its own; "" = it is none."""
    if answers.get("matter") != BREACH or case.breach is not None:
        return case, ""
    case, told = breaches.rung(case, moment)
    return case, f"Possible breach, in a complaint. {told}"


def barred(case: Case, *people: str) -> Case:
    """They see it and do not work on it; whoever has it among them gives it back."""
    return earlier.given_back(replace(case, barred=tuple(dict.fromkeys((*case.barred, *people)))))


class NotAbout(Action):
    """It is not about that case: who closed it may work on the complaint. Anybody says so but who
    closed it, also who is kept out for another: or a mail that names many would stop us all."""

    name = "not_about"
    label = "Not about that case"
    asks = True
    anyone = True
    frees = True

    def offered(self, case: Case, request: Request | None) -> bool:
        return earlier.complains(case) and bool(earlier.shown(case))

    def form(self, moment: Moment) -> Form:
        refs = _others(moment)
        return Form(
            title="Not about that case",
            submit="Let them in",
            intro="Nobody says this of a case they closed themselves.",
            fields=(
                Field(
                    name=EARLIER,
                    label="It is not about",
                    type="choices",
                    options=tuple((ref, ref) for ref in refs),
                ),
                Field(name="why", label="How do you know?", max_length=300),
            ),
        )

    def faults(self, moment: Moment) -> dict[str, str]:
        chosen = set(moment.form.get(EARLIER, "").split())
        if not chosen or not chosen <= set(_others(moment)):
            return {EARLIER: "Choose a case that you did not close."}
        return (
            {} if moment.form.get("why", "").strip() else {"why": "Say how you know; it is kept."}
        )

    def do(self, moment: Moment) -> Effect:
        chosen = moment.form[EARLIER].split()
        case = noted(moment.case, moment, self.name, moment.form["why"])
        left = tuple(each for each in case.earlier if each.ref not in chosen)
        return Effect(
            case=replace(case, earlier=left),
            said=f"{case.ref} is not about {', '.join(chosen)}.",
            # not which: one of a closed circle is not named here
            line=f"<@{moment.by.id}>: it is not about an earlier case that was found.",
        )


def _others(moment: Moment) -> tuple[str, ...]:
    """Those this person may hear of and did not close."""
    found, by = earlier.seen_by(moment.case, moment.by), moment.by.id
    return tuple(each.ref for each in found if by not in each.closed_by)


def _found(moment: Moment) -> tuple[str, ...]:
    return tuple(each.ref for each in earlier.seen_by(moment.case, moment.by))

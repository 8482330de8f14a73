"""What a complaint is about, as staff record it: an earlier case, a person, a breach. Pure."""

from collections.abc import Mapping

from handlers import breaches, earlier
from handlers.handler import Field, Moment
from handlers.linking import linked, other_fault
from handlers.requests import replace
from storage.records import Case

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


def _found(moment: Moment) -> tuple[str, ...]:
    return tuple(each.ref for each in earlier.seen_by(moment.case, moment.by))

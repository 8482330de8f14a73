"""Who looks as the second person, and when a manager stands in for counsel. Pure.

Anything to an authority wants two persons, one of them counsel. Two counsel come first; where there
is no other, or none has looked for hours, a manager is shown that one letter and nothing else.
"""

from typing import Literal

from handlers.earlier import kept_out
from handlers.handler import Colleague, Moment, Person, Role
from storage.records import Approval, Case, Circle

StandIn = Literal["", "later", "now"]
NEVER: StandIn = ""
LATER: StandIn = "later"
NOW: StandIn = "now"


def may_decide(moment: Moment, person: Person, stand_in: StandIn = NEVER) -> bool:
    """Any of us with the key to the case, and of the role that its kinds want; a manager without
    the key where they stand in."""
    case = moment.case
    wanted = (moment.kinds[r.kind].second_by for r in case.open_requests if r.kind)
    fits = all(not roles or bool(roles & person.roles) for roles in wanted)
    key = person.may_see(case) or (stand_in == NOW and _may_stand_in(case, person))
    return fits and key and person.id not in kept_out(case)


def standing_in(moment: Moment) -> StandIn:
    """May a manager stand in: at once, where no other counsel could look; else once managers are
    called. Only for counsel, who are the one of the two."""
    case = moment.case
    if case.circle is not Circle.COUNSEL or Role.COUNSEL not in moment.by.roles:
        return NEVER
    others = (c.person for c in moment.team or () if c.person.id != moment.by.id)
    nobody_else = moment.team is not None and not any(may_decide(moment, who) for who in others)
    return NOW if nobody_else else LATER


def lent(case: Case, person: Person) -> Approval | None:
    """What this manager may look at, of a case whose key they do not have."""
    if not _may_stand_in(case, person):
        return None
    waits = (each for each in case.approvals if not each.given_by)
    return next((each for each in waits if each.stand_in == NOW), None)


def _may_stand_in(case: Case, person: Person) -> bool:
    """Not in a case that has gone to another circle since."""
    ours = case.circle is Circle.COUNSEL and person.id not in case.shut
    return ours and Role.MANAGER in person.roles


def whom_to_ask(moment: Moment, stand_in: StandIn = NEVER) -> str:
    """One who is there and may: staff before managers, in turn by the case's number; "" = none."""
    there = (c.person for c in moment.team or () if c.present and c.person.id != moment.by.id)
    others = sorted(
        (person for person in there if may_decide(moment, person, stand_in)),
        key=lambda person: (Role.MANAGER in person.roles, person.id),
    )
    staff = [person for person in others if Role.MANAGER not in person.roles] or others
    return staff[int(moment.case.ref[-4:]) % len(staff)].id if staff else ""


def managers(team: tuple[Colleague, ...] | None) -> tuple[str, ...]:
    """The managers among them, there or not."""
    return tuple(c.person.id for c in team or () if Role.MANAGER in c.person.roles)

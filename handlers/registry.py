"""Finds the kinds in `handlers/kinds/` and checks them before the desk opens."""

import importlib
import pkgutil
import re
from collections.abc import Iterable, Iterator, Mapping

from handlers import actions, do_not_mail, kinds, owner_actions, owners, reasons, recording
from handlers.deadlines.regimes import POLICY
from handlers.flags import circles, closest
from handlers.handler import Action, Kind
from handlers.letters import templates
from storage.errors import SettingsError
from storage.records import Case, Circle, Record


class Registry(Record, frozen=True, kw_only=True):
    """Every kind and every action the desk knows, by name."""

    kinds: Mapping[str, Kind]
    actions: Mapping[str, Action]

    def __getitem__(self, name: str) -> Kind:
        return self.kinds[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self.kinds)

    def __len__(self) -> int:
        return len(self.kinds)

    def __contains__(self, name: object) -> bool:
        return name in self.kinds

    def title(self, name: str | None) -> str:
        """What people call it; a request nobody has sorted yet has no kind."""
        return self.kinds[name].title if name is not None else "To sort"

    def circle(self, names: Iterable[str | None], flags: Iterable[str] = ()) -> Circle:
        """The closest circle any of the kinds asks for: one closed request closes the case."""
        wanted = [self.kinds[name].circle for name in names if name is not None]
        return closest(*wanted, *circles(flags))

    def request_kinds(self, case: Case) -> tuple[Kind, ...]:
        """The kinds of a case's open requests."""
        return tuple(self.kinds[r.kind] for r in case.open_requests if r.kind is not None)


def load() -> Registry:
    """Raises SettingsError with one sentence for each fault of a kind."""
    found: dict[str, Kind] = {}
    faults: list[str] = []
    for module in sorted(m.name for m in pkgutil.iter_modules(kinds.__path__)):
        kind = getattr(importlib.import_module(f"{kinds.__name__}.{module}"), "KIND", None)
        if not isinstance(kind, Kind):
            faults.append(f"handlers/kinds/{module}.py exports no KIND.")
        elif kind.name in found:
            faults.append(f"handlers/kinds/{module}.py: the name {kind.name} is taken already.")
        else:
            found[kind.name] = kind
    try:
        registry = Registry(kinds=found, actions=_actions(found))
    except ValueError as fault:
        raise SettingsError((*faults, f"handlers/kinds: {fault}.")) from fault
    faults += (fault for kind in found.values() for fault in check(kind, registry.actions))
    if faults:
        raise SettingsError(tuple(faults))
    return registry


def _actions(found: Mapping[str, Kind]) -> dict[str, Action]:
    """Those of every kind first, in the order they are offered, then what a kind adds.

    Raises ValueError when two kinds mean different things by one action.
    """
    known: dict[str, Action] = {action.name: action for action in actions.GENERAL}
    for kind in found.values():
        known |= {action.name: action for action in kind.actions}
    return (
        known
        | owner_actions.actions_of(found)
        | recording.actions_of(found)
        | do_not_mail.actions_of(found)
    )


def check(kind: Kind, known: Mapping[str, Action]) -> Iterator[str]:
    """What is wrong with a kind's description, one sentence each."""
    where = f"Kind {kind.name}"
    if not getattr(kind, "title", ""):
        yield f"{where} has no title."
    if not kind.steps:
        yield f"{where} has no steps."
    yield from _name_faults(kind, known, where)
    yield from _clue_faults(kind, where)


def _name_faults(kind: Kind, known: Mapping[str, Action], where: str) -> Iterator[str]:
    taken = {step.name for step in kind.steps}
    named = (
        ("action", [step.action for step in kind.steps], known),
        ("letter", kind.letters, templates.names()),
        ("reason", (*kind.refusals, *kind.unanswered), reasons.REASONS),
        ("deadline", (kind.name,), POLICY.rules),
        ("step", [name for step in kind.steps for name in (*step.after, step.of) if name], taken),
        ("round", [step.round for step in kind.steps if step.round], owners.ROUNDS),
    )
    for what, wanted, there in named:
        for name in wanted:
            if name not in there:
                yield f"{where} names the unknown {what} {name}."


def _clue_faults(kind: Kind, where: str) -> Iterator[str]:
    if not kind.clues:
        yield f"{where} has no clues: nothing would ever be recognised as one."
    for clue in kind.clues:
        try:
            re.compile(clue.pattern)
        except re.error as error:
            yield f"{where}: the clue {clue.pattern} is no regular expression: {error}."

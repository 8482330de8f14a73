"""The tables of desk.toml: who letters come from, who answers for what, what was promised."""

import re
from collections.abc import Mapping
from typing import Any

import msgspec

from handlers.company import PERSON, Promise, System
from storage.records import Record


class Company(Record, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """[company]: who letters come from; what is left out is that of CaféX Spaces."""

    name: str = ""
    postal: str = ""
    officer: str = ""


#: the tables of desk.toml; the environment has no such thing
TABLES: Mapping[str, Any] = {
    "people": Mapping[str, Any],
    "company": Company,
    "reviewers": Mapping[str, str],
    "promises": tuple[Promise, ...],
    "register": tuple[System, ...],
    "customers": Mapping[str, str],
}

#: roles that a user group may give
GROUPS = ("staff", "manager", "restricted", "counsel")


def read(found: Mapping[str, Any], faults: list[str]) -> dict[str, Any]:
    """The tables of desk.toml as they are typed; a sentence for each that cannot be used."""
    typed: dict[str, Any] = {}
    for name, kind in TABLES.items():
        if name not in found:
            continue
        try:
            typed[name] = msgspec.convert(found[name], kind)
        except msgspec.ValidationError as fault:
            faults.append(f"[{name}] cannot be used: {fault}.")
    faults += _backup_faults(typed.get("people", {}).get("backups", {}))
    faults += _duty_faults(typed.get("people", {}).get("duty", ()))
    faults += _group_faults(typed.get("people", {}).get("groups", {}))
    faults += _owner_faults(typed)
    if "promises" in typed:
        typed["promises"] = tuple(sorted(typed["promises"], key=lambda promise: promise.since))
    return typed


def _backup_faults(backups: object) -> list[str]:
    """People stand in for people: Slack ids on both sides."""
    if not isinstance(backups, dict):
        return ['[people] backups cannot be used: it is a table such as {U01ABC = "U02DEF"}.']
    ids = [*backups, *backups.values()]
    wrong = [each for each in ids if not PERSON.fullmatch(str(each))]
    return [f"[people] backups cannot be used: {each} is no Slack id." for each in wrong]


def _duty_faults(duty: object) -> list[str]:
    """One person, or several in order."""
    named = [duty] if isinstance(duty, str) else duty
    if not isinstance(named, list | tuple):
        return ['[people] duty cannot be used: it is a list such as ["U01ABC", "U02DEF"].']
    wrong = [each for each in named if not PERSON.fullmatch(str(each))]
    return [f"[people] duty cannot be used: {each} is no Slack id." for each in wrong]


def _group_faults(groups: object) -> list[str]:
    """Roles by user group."""
    if not isinstance(groups, dict):
        return ['[people] groups cannot be used: it is a table such as {staff = "S01ABC"}.']
    return [
        f"[people] groups: {role} = {group} cannot be used: {', '.join(GROUPS)}, and ids with S."
        for role, group in groups.items()
        if role not in GROUPS or not re.fullmatch(r"S[A-Z0-9]{2,}", str(group))
    ]


def _owner_faults(typed: Mapping[str, Any]) -> list[str]:
    """Owners are people, and of systems that are on the register."""
    owners = typed.get("people", {}).get("owners", {})
    if not isinstance(owners, dict):
        return ['[people] owners cannot be used: it is a table such as {accounts = "U01ABC"}.']
    register = typed.get("register", ())
    known = {each.name for each in register}
    named = {**owners, **{each.name: each.owner for each in register if each.owner}}
    faults = [
        f"[people] owners: {name} cannot be used: {person} is no Slack id."
        for name, person in named.items()
        if not PERSON.fullmatch(str(person))
    ]
    spaced = [each.name for each in register if not re.fullmatch(r"[a-z0-9_-]{1,40}", each.name)]
    faults += [f"[[register]]: {name!r} is no name: small letters, digits, _." for name in spaced]
    unknown = [name for name in owners if known and name not in known]
    return faults + [f"[people] owners: {name} is not on the [[register]]." for name in unknown]

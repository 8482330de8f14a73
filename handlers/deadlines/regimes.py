"""Every law whose clock the desk runs, as data. An article or a section stands beside each number.

`law=False` marks a choice of the desk where the law names no number: it is never shown as law.
A kind a regime does not name has no clock there. Outside the states of the US nothing extends for
marketing or a complaint.
"""

from collections.abc import Mapping
from types import MappingProxyType

from msgspec.structs import replace

from handlers.deadlines.rules import Regime, Rule, Stop
from handlers.deadlines.working_days import NO_HOLIDAYS
from storage.records import Due

#: working days the desk gives itself: to stop marketing, and for a child's data
STOP_MARKETING = 2
CHILD = 10

#: the number the policy itself promises for an inquiry or a complaint
DESK_45 = Rule(id="DESK-45", length=45, law=False)


def _rules(usual: Rule, **others: Rule) -> Mapping[str, Rule]:
    """The usual rule for each right, and for what has none of its own."""
    plain = replace(usual, extended=0, stated=False, stops={})
    given = {
        "access": usual,
        "deletion": usual,
        "correction": usual,
        "child_data": replace(usual, target=CHILD),
        "unsubscribe": replace(plain, target=STOP_MARKETING),
        "complaint": plain,
        "question": DESK_45,
    }
    return MappingProxyType(given | others)


def _only(**rules: Rule) -> Mapping[str, Rule]:
    return MappingProxyType({"question": DESK_45} | rules)


def _state(rule: str, base: int, extended: int) -> Regime:
    """A state of the US: no duty to confirm, no stop, one extension told inside the base period."""
    usual = Rule(id=rule, length=base, extended=extended)
    marketing = replace(usual, target=STOP_MARKETING)
    rules = _rules(usual, unsubscribe=marketing, complaint=usual)
    return Regime(title=rule.partition(" ")[0], rules=rules)


# --- Europe ---------------------------------------------------------------------------------

#: GDPR 12(3); Regulation 1182/71 art 3(4) rolls; EDPB guidelines 01/2022 para 159 tolerates a pause
_EU_ASKED: Mapping[str, Stop] = {
    "identity": "pause",
    "authority": "pause",
    "clarification": "pause",
}
_EU_12 = Rule(id="EU-12", length=1, unit="month", extended=3, rolls=True, stops=_EU_ASKED)
_EU_MONTH = replace(_EU_12, extended=0, stops={})

#: UK GDPR 12A(2): the month begins anew; 12A(5): a pause, for access under article 15 alone
_UK_ASKED: Mapping[str, Stop] = {"identity": "restart", "authority": "restart", "fee": "restart"}
_UK_12A = Rule(
    id="UK-12A",
    length=1,
    unit="month",
    extended=3,
    rolls=True,
    stops=_UK_ASKED,
    asking_day=True,
)
_UK_ACCESS = replace(_UK_12A, stops={**_UK_ASKED, "clarification": "pause"})
#: DPA 2018 s.164A: 30 days to acknowledge a complaint; the outcome has no number, the desk a month
_UK_OUTCOME = replace(_UK_12A, id="UK-OUTCOME", extended=0, stops={}, law=False)
_UK_164A = Rule(
    id="UK-164A",
    length=30,
    rolls=True,
    first="acknowledge by then, the outcome without undue delay",
    then=_UK_OUTCOME,
)

_EU = Regime(
    title="EU GDPR",
    timezone="Europe/London",
    calendar=NO_HOLIDAYS,
    rules=_rules(
        _EU_12,
        unsubscribe=replace(_EU_MONTH, id="EU-21", target=STOP_MARKETING),
        complaint=replace(_EU_MONTH, id="EU-COMPLAINT", law=False),
    ),
)
_UK = Regime(
    title="UK GDPR",
    timezone="Europe/London",
    calendar="GB-WLS",  # the company acts in Cardiff, wherever in the UK one asks from
    rules=_rules(
        _UK_12A,
        access=_UK_ACCESS,
        portability=_UK_12A,
        unsubscribe=replace(_UK_12A, id="UK-21", extended=0, stops={}, target=STOP_MARKETING),
        complaint=_UK_164A,
    ),
    confirm={"complaint": _UK_164A},
)
#: FADP 25(7): in general 30 days, else the date told within them (DPO 18)
_FADP_25 = Rule(id="FADP-25", length=30, stated=True)
_FADP_DESK = replace(_FADP_25, id="FADP-30", law=False)
_CH = Regime(
    title="Swiss FADP",
    timezone="Europe/Zurich",
    calendar="CH",
    rules=_rules(_FADP_DESK, access=_FADP_25, portability=_FADP_25),
)

# --- the Americas ---------------------------------------------------------------------------

#: 11 CCR 7021(b): 45 days, of which the first may be the day of receipt; 90 in all
_CCPA_7021 = Rule(id="CCPA-7021", length=45, extended=90, sooner=1)
#: 11 CCR 7026(f), 7027: 15 business days
_CCPA_7026 = Rule(id="CCPA-7026", length=15, unit="working day", target=STOP_MARKETING)
#: 11 CCR 7021(a): 10 business days to confirm the receipt of a request to know, delete or correct
_CCPA_CONFIRM = Rule(id="CCPA-7021A", length=10, unit="working day")
_CCPA = Regime(
    title="CCPA",
    rules=_rules(_CCPA_7021, unsubscribe=_CCPA_7026, complaint=DESK_45),
    confirm=dict.fromkeys(("access", "deletion", "correction", "child_data"), _CCPA_CONFIRM),
)

#: PIPEDA s.8(3): 30 days, s.8(4): 30 more; Quebec P-39.1 s.32: 30 days
_PIPEDA_8 = Rule(id="PIPEDA-8", length=30, extended=60)
_PIPEDA_DESK = replace(_PIPEDA_8, id="PIPEDA-30", law=False)
_QC_32 = Rule(id="QC-32", length=30)
_PIPEDA = Regime(
    title="PIPEDA",
    timezone="America/Toronto",
    calendar="CA",
    rules=_rules(_PIPEDA_DESK, access=_PIPEDA_8, correction=_PIPEDA_8),
)
_QUEBEC = Regime(
    title="Quebec Law 25",
    timezone="America/Toronto",
    calendar="CA",
    rules=_rules(_QC_32, complaint=replace(_QC_32, id="QC-30", law=False)),
)
#: LGPD 19 II: 15 days for a full statement; the desk takes them for the other rights
_LGPD_19 = Rule(id="LGPD-19", length=15)
_LGPD_DESK = replace(_LGPD_19, id="LGPD-15", law=False)
_BR = Regime(
    title="LGPD",
    timezone="America/Sao_Paulo",
    calendar="BR",
    rules=_rules(_LGPD_DESK, access=_LGPD_19),
)

# --- one matter only ------------------------------------------------------------------------

#: 15 U.S.C. 7704(a)(4); CASL s.11(3), from sending
_CAN_SPAM = Rule(id="CANSPAM-7704", length=10, unit="working day", target=STOP_MARKETING)
_CASL = replace(_CAN_SPAM, id="CASL-11", from_sending=True)
_COPPA = Rule(id="COPPA-312.6", length=CHILD, unit="working day", law=False)
#: Privacy Shield supplemental principle 11(d)(i), which the policy repeats
_SHIELD = Rule(id="SHIELD-11D", length=45)

#: the desk's own rule: 28 days are never later than a month (the ICO's suggestion)
_DESK_28 = Rule(id="DESK-28", length=28, law=False)
POLICY = Regime(
    title="desk rule",
    rules=_rules(
        _DESK_28,
        unsubscribe=replace(_CAN_SPAM, id="DESK-MARKETING", law=False),
        child_data=replace(_COPPA, id="DESK-CHILD"),
        complaint=DESK_45,
        # their date is typed by hand; until then the next working day
        legal_demand=Rule(
            id="DESK-DEMAND",
            length=1,
            unit="working day",
            first="enter their date",
            law=False,
        ),
    ),
)

REGIMES: Mapping[str, Regime] = MappingProxyType(
    {
        "eu_gdpr": _EU,
        "uk_gdpr": _UK,
        "ccpa": _CCPA,
        "us_va": _state("Virginia 59.1-577", 45, 90),
        "us_co": _state("Colorado 6-1-1306", 45, 90),
        "us_ct": _state("Connecticut 42-518", 45, 90),
        "us_tx": _state("Texas 541.052", 45, 90),
        "us_ut": _state("Utah 13-61-203", 45, 90),
        "us_fl": _state("Florida 501.705", 45, 60),
        "us_ia": _state("Iowa 715D.3", 90, 135),
        "ca_pipeda": _PIPEDA,
        "ca_quebec": _QUEBEC,
        "br_lgpd": _BR,
        "ch_fadp": _CH,
        "can_spam": Regime(title="CAN-SPAM", rules=_only(unsubscribe=_CAN_SPAM)),
        "casl": Regime(
            title="CASL",
            timezone="America/Toronto",
            calendar="CA",
            rules=_only(unsubscribe=_CASL),
        ),
        "coppa": Regime(title="COPPA", rules=_only(child_data=_COPPA)),
        "dpf": Regime(
            title="Data Privacy Framework", rules=_only(complaint=replace(_SHIELD, id="DPF-45"))
        ),
        "privacy_shield": Regime(title="Privacy Shield", rules=_only(complaint=_SHIELD)),
        "policy": POLICY,
    }
)

#: the law's own words, by the kind they ride on; of two the first that the regime names
KINDS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "portability": ("access",),
        "know": ("access",),
        "restriction": ("deletion",),
        "objection": ("deletion", "unsubscribe"),
        "withdrawal": ("deletion", "unsubscribe"),
        "automated_decision": ("deletion",),
        "erasure": ("deletion",),
        "delete": ("deletion",),
        "rectification": ("correction",),
        "correct": ("correction",),
        "marketing_objection": ("unsubscribe",),
        "opt_out": ("unsubscribe",),
        "do_not_sell": ("unsubscribe",),
        "limit": ("unsubscribe",),
        "appeal": ("complaint",),
    }
)


#: the rule of a date that counsel typed: an authority's own
TYPED = "authority/1"

#: rights whose clock is not that of the kind they ride on: no pause for portability in the UK
CLOCK_OF: Mapping[str, str] = MappingProxyType({"GDPR 20": "portability"})


def law(due: Due) -> str:
    """How a date is called: after its law, or as the desk's own; an unknown regime by its word."""
    if due.rule == TYPED:
        return "their date"
    regime = REGIMES.get(due.regime)
    if due.house or regime is POLICY:
        return POLICY.title
    return regime.title if regime else due.regime.replace("_", " ").upper()


def has_rule(regime: str, kind: str) -> bool:
    """Has this law a clock for that kind?"""
    return regime in REGIMES and _rule(regime, kind) is not None


def rule_of(regime: str, kind: str) -> Rule:
    """The rule for a kind, or for a word of the law. Raises KeyError with a sentence."""
    if regime not in REGIMES:
        raise KeyError(f"there is no regime {regime}")
    rule = _rule(regime, kind)
    if rule is None:
        raise KeyError(f"{regime} has no rule for {kind}")
    return rule


def _rule(regime: str, kind: str) -> Rule | None:
    rules = REGIMES[regime].rules
    return next((rules[name] for name in (kind, *KINDS.get(kind, ())) if name in rules), None)

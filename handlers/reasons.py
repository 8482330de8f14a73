"""The closed list of reasons a request may be closed for, and the letter that tells each."""

from types import MappingProxyType

from storage.records import Outcome, Record, Request


class Reason(Record, frozen=True, kw_only=True):
    """Why, as staff choose it; what the requester reads is in each language's `words.toml`."""

    label: str
    outcome: Outcome = Outcome.REFUSED
    letter: str = ""  #: the template that goes with it; "" = none of its own
    regimes: frozenset[str] = frozenset()  #: the only laws that know it; empty = all of them


def _refusal(label: str, letter: str = "refusal", *regimes: str) -> Reason:
    return Reason(label=label, letter=letter, regimes=frozenset(regimes))


def known_to_law(name: str, request: Request) -> bool:
    """Does every law that may apply know this reason?"""
    return not REASONS[name].regimes or request.laws <= REASONS[name].regimes


REASONS = MappingProxyType(
    {
        # GDPR Art. 12(5)(b): the desk must be able to show it; it says nothing about data held
        "unfounded": _refusal("Clearly unfounded", "refusal_neutral"),
        "excessive": _refusal("Clearly excessive", "refusal_neutral"),
        # CCPA 11 CCR 7024: no match is a denial there, an answer under GDPR
        "no_match": _refusal("No match (California)", "refusal_neutral", "ccpa"),
        "legal_obligation": _refusal("The law says we must keep it"),
        # GDPR Art. 17(3)(b); the privacy policy names both kinds of record
        "tax_records": _refusal("Tax and invoice records"),
        "legal_claims": _refusal("Needed for legal claims"),
        # the privacy policy: not where a change would break the law or make the data wrong
        "breaks_law": _refusal("It would break the law"),
        "makes_wrong": _refusal("It would make the data wrong"),
        "backups": _refusal("In backups until they are overwritten"),
        "others_rights": _refusal("Would harm other people's rights"),
        "accurate": _refusal("The data are accurate"),
        "identity_not_proven": Reason(
            label="Identity not proven",
            outcome=Outcome.EXPIRED_UNVERIFIED,
            letter="unverified",
        ),
        "other_controller": Reason(
            label="Another company answers for it",
            outcome=Outcome.REFERRED,
            letter="referred",
        ),
        "same_request": Reason(
            label="Same person, same right: asked before",
            outcome=Outcome.DUPLICATE,
            letter="duplicate",
        ),
        "withdrawn": Reason(
            label="The requester took it back", outcome=Outcome.WITHDRAWN, letter="withdrawn"
        ),
        "no_data_held": Reason(label="We hold no data on them", outcome=Outcome.FULFILLED),
        "no_answer_needed": Reason(label="No answer needed", outcome=Outcome.FULFILLED),
    }
)

#: what may stay when data are deleted (GDPR Art. 17(3); the privacy policy)
EXCEPTIONS = ("tax_records", "legal_claims", "breaks_law", "makes_wrong", "backups")

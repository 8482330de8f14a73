"""The closed list of reasons a request may be closed for, and the letter that tells each."""

from types import MappingProxyType

from storage.records import Outcome, Record


class Reason(Record, frozen=True, kw_only=True):
    """Why: as staff choose it, and as the requester reads it."""

    label: str
    words: str = ""  #: completes a sentence of the letter; "" = nothing is told
    outcome: Outcome = Outcome.REFUSED
    letter: str = ""  #: the template that goes with it; "" = none of its own


def _refusal(label: str, words: str, letter: str = "refusal") -> Reason:
    return Reason(label=label, words=words, letter=letter)


REASONS = MappingProxyType(
    {
        # GDPR Art. 12(5)(b): the desk must be able to show it; it says nothing about data held
        "unfounded": _refusal(
            "Clearly unfounded", "the request is manifestly unfounded", "refusal_neutral"
        ),
        "excessive": _refusal(
            "Clearly excessive", "the request is manifestly excessive", "refusal_neutral"
        ),
        # CCPA 11 CCR 7024: no match is a denial there, an answer under GDPR
        "no_match": _refusal(
            "No match (California)",
            "we could not match what you gave us to a record of ours",
            "refusal_neutral",
        ),
        "legal_obligation": _refusal(
            "The law says we must keep it",
            "a law obliges us to keep the data (GDPR Art. 17(3)(b))",
        ),
        "legal_claims": _refusal(
            "Needed for legal claims",
            "the data are needed to establish, exercise or defend legal claims",
        ),
        "others_rights": _refusal(
            "Would harm other people's rights",
            "it would adversely affect the rights and freedoms of others (GDPR Art. 15(4))",
        ),
        "accurate": _refusal(
            "The data are accurate", "we checked the data and found them accurate"
        ),
        "identity_not_proven": Reason(
            label="Identity not proven",
            words="we could not settle that the request comes from the person it is about",
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
        "withdrawn": Reason(label="The requester took it back", outcome=Outcome.WITHDRAWN),
        "no_data_held": Reason(label="We hold no data on them", outcome=Outcome.FULFILLED),
        "no_answer_needed": Reason(label="No answer needed", outcome=Outcome.FULFILLED),
        "answered_elsewhere": Reason(
            label="Answered by the authority's own route", outcome=Outcome.FULFILLED
        ),
    }
)

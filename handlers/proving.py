"""Verify: ask for the least that settles who asks, or record how it was settled."""

import re

from handlers import composing, timing, verification
from handlers.askers import asker, with_proof
from handlers.deadlines.working_days import local_day
from handlers.handler import Action, Depth, Draft, Effect, Field, Form, Kind, Moment
from handlers.letters.catalogue import long_date
from handlers.requests import noted, replace
from handlers.verification import CODE, PAPERS, SLOT, WAYS, enough, stepped
from storage.records import Case, Request, Verification

ASK_CODE, ASK_MORE = "ask_code", "ask_more"
_EXPLAIN = {
    PAPERS: "Say why nothing less would do, and that they were seen.",
    "guest": "Say what fits: the time, the invitation, the line they used.",
    "child": "Say how old it is, and how you know that it understands.",
}
SENT = "code_sent"  #: tells the asker, who may be somebody else, that a code may be on its way
_ADDRESS = re.compile(r"[^@\s]{1,64}@[^@\s]+\.[^@\s.]+")


class Verify(Action):
    """Nothing is asked where the law allows no asking; more than the least wants a reason."""

    name = "verify"
    label = "Verify"
    asks = True
    answers = "how"

    def fits(self, kinds: tuple[Kind, ...]) -> bool:
        return any(kind.depth is not Depth.NONE for kind in kinds)

    def offered(self, case: Case, request: Request | None) -> bool:
        done = all("verify" in each.done for each in case.open_requests)
        return case.assignee is not None and not case.closed and not case.triage and not done

    def form(self, moment: Moment) -> Form:
        options = _options(moment)
        how = moment.form.get("how") or next(iter(options), "")
        fields = [
            *_whose(moment),
            Field(
                name="how",
                label="How",
                type="choice",
                options=tuple(options.items()),
                initial=how,
                refreshes=True,
            ),
            *_fields_of(moment, how),
        ]
        asks = how in {ASK_CODE, ASK_MORE}
        return Form(
            title="Who asks?",
            submit="Review" if asks else "Record",
            intro=_intro(moment, how),
            fields=tuple(fields),
        )

    def faults(self, moment: Moment) -> dict[str, str]:
        how = moment.form.get("how", "")
        if _whose(moment) and moment.form.get("of", "") not in _askers(moment):
            return {"of": "Choose who is proven."}
        if how not in _options(moment):
            return {"how": "Choose what is enough here."}
        why = moment.form.get("why", "").strip()
        if how in WAYS and WAYS[how].explained and not why:
            return {"why": _EXPLAIN[how]}
        if how == ASK_MORE and CODE in _enough(moment) and not why:
            return {"why": "A code is less, and would do: say why it is not enough."}
        if how == ASK_CODE:
            return _address_fault(moment) or _disputed(moment)
        return composing.faults(_asked_for(moment), "identity") if how == ASK_MORE else {}

    def do(self, moment: Moment) -> Effect:
        how = moment.form["how"]
        case = noted(moment.case, moment, self.name, moment.form.get("why", ""))
        if how in {ASK_CODE, ASK_MORE}:
            draft = _code(moment) if how == ASK_CODE else _identity(moment)
            return Effect(case=case, said="Please read it once more.", draft=draft)
        proof = Verification(how=WAYS[how].label, by=moment.by.id, at=moment.now, way=how)
        case = stepped(with_proof(case, proof, _who(moment)), moment.kinds)
        case = timing.answered(case, moment.now, ("identity", "authority"))
        papers = moment.form.get("papers", "") if how == PAPERS else ""
        return Effect(
            case=case,
            said=f"{case.ref}: identity is settled.",
            line=f"<@{moment.by.id}> settled identity.",
            shred=(papers,) if papers in case.mails else (),
        )


def _askers(moment: Moment) -> dict[str, str]:
    """The addresses still to be proven, by the number of the first request of each."""
    found: dict[str, str] = {}
    for request in verification.unsettled(moment.case, moment.kinds):
        if (who := asker(moment.case, request)) not in found.values():
            found[str(request.id)] = who
    return found


def _who(moment: Moment) -> str:
    """Whose proof it is: of that address alone."""
    known, own = _askers(moment), moment.case.requester
    if (chosen := moment.form.get("of", "")) in known:
        return known[chosen]
    return own if not known or own in known.values() else next(iter(known.values()))


def _whose(moment: Moment) -> tuple[Field, ...]:
    """A choice of addresses, where cases of several were merged."""
    known, who = _askers(moment), _who(moment)
    if set(known.values()) <= {moment.case.requester}:
        return ()
    return (
        Field(
            name="of",
            label="Who is proven?",
            type="choice",
            options=tuple((n, address or "an unknown address") for n, address in known.items()),
            initial=next(number for number, address in known.items() if address == who),
            hint="Cases were merged: what one has proven says nothing of the other.",
            refreshes=True,
        ),
    )


def _enough(moment: Moment) -> tuple[str, ...]:
    return enough(moment.case, moment.kinds, _who(moment))


def _options(moment: Moment) -> dict[str, str]:
    found = _enough(moment)
    ask = {ASK_CODE: "Ask: a code to the address on file"} if CODE in found else {}
    return {
        **ask,
        ASK_MORE: "Ask by letter, for something else" if ask else "Ask for it by letter",
        **{way: f"Settled: {WAYS[way].label}" for way in found if WAYS[way].by_hand},
    }


def _intro(moment: Moment, how: str) -> str:
    least = next(iter(_enough(moment)), "")
    said = f"The least that settles it: {WAYS[least].label.lower()}." if least else ""
    if how in {ASK_CODE, ASK_MORE}:
        said += timing.asked_late(moment)
    if how == ASK_CODE:
        return f"{said} Look the address up in the accounts system; the asker never sees it."
    if how == PAPERS:
        return f"{said} Papers are a last resort; the mail that brought them is shredded at once."
    return said


def _fields_of(moment: Moment, how: str) -> tuple[Field, ...]:
    why = Field(
        name="why",
        label="Why nothing less",
        initial=moment.form.get("why", ""),
        optional=how == ASK_MORE and CODE not in _enough(moment),
        max_length=300,
    )
    if how == ASK_CODE:
        known = moment.form.get("address", "")
        return (Field(name="address", label="Address on file", initial=known, max_length=254),)
    if how == ASK_MORE:
        return (why, *composing.fields(_asked_for(moment), "identity"))
    if how == PAPERS:
        mails = tuple((mail, f"Mail {n}") for n, mail in enumerate(moment.case.mails, start=1))
        which = Field(
            name="papers",
            label="Which mail brought them?",
            type="choice",
            options=mails,
            hint="Its words go too: note first what matters.",
            optional=True,
        )
        return (why, which)
    explained = how in WAYS and WAYS[how].explained
    label = "What it rests on" if explained else "Note"
    return (Field(name="why", label=label, optional=not explained, max_length=300),)


def _address(moment: Moment) -> str:
    return moment.form.get("address", "").strip().lower()


def _address_fault(moment: Moment) -> dict[str, str]:
    if not _ADDRESS.fullmatch(_address(moment)):
        return {"address": "Write one address, as it stands in the accounts system."}
    if _address(moment) in moment.policy.addresses:
        return {"address": "That is the desk's own address."}
    return {}


def _disputed(moment: Moment) -> dict[str, str]:
    """What is said to be wrong proves nothing (11 CCR 7060(h))."""
    said = (
        moment.case.answer(request.id, "field", name).lower()
        for request in moment.case.open_requests
        for name in ("old", "new")
    )
    if any(_address(moment) in words for words in said):
        return {"address": "This address is what is disputed: it proves nothing. Choose another."}
    return {}


def _code(moment: Moment) -> Draft:
    language = composing.language_of(moment)
    until = local_day(moment.now + moment.policy.code_life, moment.policy.timezone)
    number, to, asker = _number(moment), _address(moment), moment.case.requester
    told = Draft(template=SENT, request=number, language=language, to=asker)
    return Draft(
        template=CODE,
        request=number,
        given={"code": SLOT, "until": long_date(until, language)},
        language=language,
        to=to,
        beside=told if asker and asker != to else None,
    )


def _identity(moment: Moment) -> Draft:
    return Draft(
        template="identity",
        request=_number(moment),
        words=composing.words_of(moment, "identity"),
        language=composing.language_of(moment),
    )


def _asked_for(moment: Moment) -> Moment:
    """With the request the proof is asked for."""
    return replace(moment, request=moment.case.request(_number(moment)))


def _number(moment: Moment) -> int:
    """The request the proof is asked for."""
    waiting = verification.unsettled(moment.case, moment.kinds, _who(moment))
    waiting = waiting or moment.case.requests
    return waiting[0].id

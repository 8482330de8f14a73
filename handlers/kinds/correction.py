"""Somebody says what we hold about them is wrong (GDPR Art. 16, CCPA 1798.106)."""
# ruff: noqa: E501  a regular expression is not wrapped

from handlers.handler import CLOSE, CONFIRM, VERIFY, Depth, Given, Kind, Step, spoken
from handlers.requests import replace
from handlers.steps import (
    ASK_OWNERS,
    ERASED,
    ERASING,
    HEARD,
    HOLD_CHECK,
    NOTE,
    PASSED_ON,
    RECIPIENTS,
    RESTRICT,
    WHOSE,
    choice,
    text,
)
from storage.records import Outcome

ENGLISH = spoken(
    "en",
    {
        4.0: (
            r"\bright (to|of) (rectification|correction|rectify|correct)\b",
            (
                r"\b(rectif(y|ied|ication)|correct(ed|ing|ion)?|amend(ed|ing|ment)?|fix(ed|ing)?|updat(e|ed|ing)|chang(e|ed|ing)|put right)( of| to)?…\b(my|his|her|our) "
                r"(\w{1,12} ){0,3}(name|surname|address|date of birth|birth ?date|birthday|details|data|information|record|records|phone|number|title|gender|pronouns?|e.?mail|spelling|maiden name|marital status|profile)\b"
            ),
            (
                r"\b(my|his|her) (\w{1,12} ){0,3}(name|surname|address|date of birth|birth ?date|details|data|information|records?|phone|number|title|gender|e.?mail|profile)…"
                r"\b(is|are|was|were|has been|have been|seems?) (still )?(wrong|incorrect|inaccurate|misspel(t|led)|mis.?spelled|out ?dated|out of date|incomplete|false|not (right|correct|accurate))\b"
            ),
        ),
        3.0: (
            r"\b(inaccurate|incorrect|wrong|false|outdated|incomplete|misspel(t|led)) (personal )?(data|information|details|name|address|date of birth|entry|record)\b",
            r"\b(article|art|section|sec) (16|1798 106)\b",
            r"\b(correct|rectify|amend) (the |this |that |your |it|these|those)…\b(records?|data|information|entry|file|details)\b",
            r"\b(not|isn.?t|never) my (name|address|date of birth|phone|number|e.?mail)\b",
        ),
        1.5: (
            r"\b(correction|rectification) request\b",
            r"\bshould (read|be|say|state)\b",
            r"\b(instead of|rather than)\b",
        ),
        -3.0: (
            r"\b(vat|tax|po|purchase order|invoice|billing|company|registration) (id |identification |registration )?(number|address|name|details)\b",
            r"\b(space|room|channel|meeting|workspace) (name|title)\b",
            r"\b(where|how)( do| can| to)…\b(change|update|edit)…\b(in|on|within|through) (the )?(app|settings|profile|account|portal|dashboard)\b",
            r"\b(invoice|billing|receipt|credit card|payment)\b",
        ),
    },
)
OTHERS = (
    spoken(
        "de",
        {
            4.0: (
                r"\b(berichtig\w{1,4}|korrigier\w{1,3}|korrektur|richtigstell\w{1,4}|[aä]ndern|[aä]nderung|aktualisier\w{1,4})…\b(meine[rsn]?|mein|der|die)…\b(daten|name\w{0,2}|nachname\w{0,2}|anschrift|adresse|geburtsdatum|angaben|telefonnummer)\b",
                r"\b(meine?r?|mein|unsere)…\b(daten|name|nachname|anschrift|adresse|geburtsdatum|angaben)…\b(falsch|fehlerhaft|unrichtig|veraltet|nicht (korrekt|richtig)|berichtigen|korrigieren|[aä]ndern)\b",
            ),
            -3.0: (r"\b(rechnung\w{0,6}|ust.?id\w{0,3}|umsatzsteuer\w{0,10}|firmenname)\b",),
        },
    )
    + spoken(
        "fr",
        {
            4.0: (
                r"\b(rectifi\w{1,7}|corrig\w{1,4}|correction|modifi\w{1,7}|mettre (à|a) jour|mise (à|a) jour)…\b(mes|mon|ma|de|du)…\b(donn[eé]es|nom|pr[eé]nom|adresse|date de naissance|coordonn[eé]es|informations|num[eé]ro)\b",
                r"\b(mes|mon|ma)…\b(donn[eé]es|nom|pr[eé]nom|adresse|date de naissance|coordonn[eé]es)…\b(erron[eé]\w{0,2}|inexact\w{0,2}|incorrect\w{0,2}|faux|fausse|mal orthographi[eé]\w{0,2}|p[eé]rim[eé]\w{0,2})\b",
            ),
            -3.0: (r"\b(facture|facturation|tva)\b",),
        },
    )
    + spoken(
        "es",
        {
            4.0: (
                r"\b(rectifi\w{1,7}|corregir|corrij\w{1,3}|correcci[oó]n|modific\w{1,5}|actualiz\w{1,5}|cambi\w{1,3})…\b(mis?|de|del)…\b(datos|nombre|apellidos?|direcci[oó]n|fecha de nacimiento|tel[eé]fono|informaci[oó]n)\b",
                r"\b(mis|mi)…\b(datos|nombre|apellidos?|direcci[oó]n|fecha de nacimiento)…\b(incorrect\w{1,2}|err[oó]ne\w{1,2}|equivocad\w{1,2}|inexact\w{1,2}|mal escrit\w{1,2}|desactualizad\w{1,2})\b",
            ),
            -3.0: (r"\b(factura\w{0,5}|iva|cif)\b",),
        },
    )
    + spoken(
        "it",
        {
            4.0: (
                r"\b(rettific\w{1,5}|corregg\w{1,5}|correzione|modific\w{1,5}|aggiorn\w{1,6})…\b(mie[ioe]|mio|mia|dei|del)…\b(dati|nome|cognome|indirizzo|data di nascita|informazioni|telefono)\b",
            ),
            -3.0: (r"\b(fattur\w{1,6}|partita iva)\b",),
        },
    )
    + spoken(
        "nl",
        {
            4.0: (
                r"\b(corrigeer|corrigeren|correctie|rectific\w{1,5}|wijzig\w{0,4}|aanpass\w{1,3}|verbeter\w{0,3})…\b(mijn|van)…\b((persoons)?gegevens|naam|achternaam|adres|geboortedatum|telefoonnummer)\b",
                r"\bmijn…\b(gegevens|naam|achternaam|adres|geboortedatum)…\b(onjuist|fout|verkeerd|niet (correct|juist)|verouderd|gecorrigeerd|te corrigeren|aan te passen)\b",
            ),
            -3.0: (r"\b(factuur|btw)\b",),
        },
    )
    + spoken(
        "pt",
        {
            4.0: (
                r"\b(corrig\w{1,4}|corre[cç][aã]o|retific\w{1,6}|alter\w{1,5}|atualiz\w{1,5})…\b(meus?|minha|dos|do)…\b(dados|nome|sobrenome|apelido|endere[cç]o|morada|data de nascimento|telefone)\b",
                r"\b(meus?|minha)…\b(dados|nome|sobrenome|endere[cç]o|morada|data de nascimento)…\b(errad\w{1,2}|incorret\w{1,2}|desatualizad\w{1,2}|inexat\w{1,2})\b",
            ),
            -3.0: (r"\b(fatura|nota fiscal|cnpj)\b",),
        },
    )
    + spoken(
        "pl",
        {
            4.0: (
                r"\b(sprostowani\w{1,2}|sprostowa\w{1,3}|popraw\w{1,5}|skorygowa\w{1,3}|korekt\w{1,2}|zmian\w{1,2}|aktualizacj\w{1,2}|zaktualizowa\w{1,3})…\b(moj\w{1,4}|moich)…\b(dan\w{1,3}|nazwisk\w{1,2}|imi\w{1,4}|adres\w{0,2}|dat\w{1,2} urodzenia|numer\w{0,2})\b",
            ),
            -3.0: (r"\b(faktur\w{1,2}|nip)\b",),
        },
    )
)
#: what people say who know neither the law nor its words
EVERYDAY = (
    spoken(
        "en",
        {
            3.5: (
                r"\b(got|have|has|had) me( down| listed| recorded| registered)? as\b",
                r"\b(amend|update|correct|fix|change|adjust) (your|the) (records?|files?|system|database|details|entry)\b",
            ),
            2.5: (
                r"\b(name|surname|spelling|birth\w{0,6}|address|title|gender|pronouns?)\b…\b(wrong|misspel\w{1,4}|mistake|typo|incorrect|out of date|outdated)\b",
            ),
            -3.0: (
                r"\b(holding|hold|keeping) on to\b",
                r"\b(want|wish) you…\b(holding|to hold|keep\w{0,3})\b",
                r"\b(order|delivery|ship\w{0,4})\b…\b(address|office)\b",
            ),
        },
    )
    + spoken(
        "de",
        {
            2.5: (
                r"\brichtig (ist|w[aä]re|lautet|muss|hei[sß]+t)\b",
                r"\b(name\w{0,1}|nachname\w{0,1}|adresse|anschrift|geburtsdatum)\b…\b(geschrieben|falsch|ge[aä]ndert|nicht mehr)\b",
            ),
            2.0: (
                r"\bbitte (\w{1,12} ){0,2}([aä]ndern|korrigieren|berichtigen|anpassen|aktualisieren)\b",
            ),
        },
    )
    + spoken(
        "nl",
        {
            3.0: (r"\b(mijn|m.n) (oude|verkeerde|nieuwe) (adres|naam|nummer|achternaam)\b",),
            2.0: (r"\b(verhuisd|getrouwd)\b",),
        },
    )
    + spoken(
        "pt",
        {
            3.5: (
                r"\b(nome|apelido|sobrenome|morada|endere[cç]o|nascimento)…\b(mal escrit\w|errad\w|incorret\w|desatualizad\w|antig\w|mudou)\b",
            ),
            1.8: (r"\b(corrig\w{1,4}|corrij\w{1,3}|atualiz\w{1,3})\b",),
        },
    )
    + spoken(
        "pl",
        {
            4.0: (
                r"\b(popraw\w{1,5}|zmian\w{1,2}|zmieni\w{1,4}|aktualiz\w{2,6}|sprostow\w{2,5})…\b(nazwisk\w{1,2}|imi\w{1,4}|adres\w{0,2}|dat\w urodzenia)\b",
            )
        },
    )
)

FIELD = Step(
    name="field",
    label="What is wrong",
    action="field",
    button="What is wrong?",
    asks=(
        text("field", "Which field"),
        text("old", "As it stands", optional=True),
        text("new", "As it should be"),
    ),
)
#: 11 CCR 7060(h): the disputed field proves nothing
PROOF = replace(VERIFY, label="Settle identity, without the disputed field")
EVIDENCE = Step(
    name="evidence",
    label="Weigh the evidence",
    action="evidence",
    button="Evidence",
    intro="Ours, theirs, the source. Where we have none, their word may do (11 CCR 7023).",
    after=("field",),
    asks=(text("ours", "What speaks for our data"), text("theirs", "What speaks for theirs")),
)
DECIDED = Step(
    name="decided",
    label="Decide",
    action="decide",
    button="Decide",
    after=("verify", "evidence"),
    asks=(
        choice(
            "decision",
            "What is done",
            correct="Correct it",
            complete="Complete it",
            statement="Add their statement",
            delete="Delete it instead: harmless, or agreed",
            refuse="Refuse: the data are accurate",
        ),
        NOTE,
    ),
)
CHANGES = ("correct", "complete", "statement")
CHANGE = (Given(step="decided", field="decision", values=CHANGES),)
DELETE = (Given(step="decided", field="decision", values=("delete",), open=False),)
CHANGING = Step(
    name="changing",
    label="Have it changed everywhere",
    action="change_now",
    button="Ask owners",
    round="change",
    after=("decided",),
    given=CHANGE,
)
CHANGED = Step(
    name="changed",
    label="Owners change it",
    action="nudge",
    of="changing",
    after=("changing",),
    given=CHANGE,
)
HELD = replace(HOLD_CHECK, given=DELETE)
ASKED = replace(ASK_OWNERS, after=("decided",), given=DELETE)
FOUND = replace(HEARD, given=DELETE)
GOING = replace(ERASING, after=(*ERASING.after, "decided"), given=DELETE)
GONE = replace(ERASED, given=DELETE)
#: a refusal changed nothing that others would have to know
TOLD = replace(
    RECIPIENTS,
    after=("changed", "erased"),
    given=(Given(step="decided", field="decision", values=(*CHANGES, "delete")),),
)
ANSWER = Step(name="answer", label="Answer", action="reply", after=("decided", "changed", "erased"))
LIFTED = Step(
    name="lifted",
    label="Lift the restriction",
    action="lift",
    button="Lift restriction",
    given=(Given(step="restrict", field="restricted", values=("on",), open=False),),
    asks=(choice("restricted", "Restriction", off="Lifted: they were told before"),),
)


class Correction(Kind):
    """Personal data that are wrong, incomplete or out of date."""

    name = "correction"
    title = "Correction request"
    asks = "to have their data corrected"
    depth = Depth.ADDRESS
    clues = ENGLISH + OTHERS + EVERYDAY
    steps = (
        CONFIRM,
        WHOSE,
        PASSED_ON,
        FIELD,
        PROOF,
        RESTRICT,
        EVIDENCE,
        DECIDED,
        CHANGING,
        CHANGED,
        HELD,
        ASKED,
        FOUND,
        GOING,
        GONE,
        TOLD,
        ANSWER,
        LIFTED,
        CLOSE,
    )
    letters = ("answer_correction", "partial", "no_data")
    outcomes = (Outcome.FULFILLED, Outcome.PARTLY_FULFILLED)
    two_persons = ("erasing", "erased")
    refusals = ("unfounded", "excessive", "accurate", "legal_obligation", "no_match")


KIND = Correction()

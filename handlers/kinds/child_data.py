"""A child's data have already been given (COPPA 16 CFR 312.6, GDPR Art. 8 and 17(1)(f))."""
# ruff: noqa: E501  a regular expression is not wrapped

from handlers.handler import CLOSE, CONFIRM, Depth, Given, Kind, Step, spoken
from handlers.requests import replace
from handlers.steps import (
    ASK_OWNERS,
    ERASED,
    ERASING,
    HEARD,
    HOLD_CHECK,
    NOTE,
    choice,
    text,
)
from storage.records import Circle, Outcome

CHILD = (
    r"(son|daughter|child|children|kids?|boy|girl|twins|step ?son|step ?daughter|grand ?(son|daughter|child)|"
    r"pupils?|niece|nephew|foster child|minor|ward|teenager|year.?old)"
)

ENGLISH = spoken(
    "en",
    {
        4.0: (
            rf"\bmy (\w{{1,12}} ){{0,2}}{CHILD}\b…\b(account|signed up|registered|created|joined|data|information|details|used|using|uses|recorded|recording|gave|given|name|e.?mail|photo|profile|login)\b",
            rf"\b(account|data|information|details|recording|profile|photo|video|name|e.?mail|records?)…\b(of|about|on|belong\w{{1,4}} to|for|from|with|by) (my|our|a|the) (\w{{1,12}} ){{0,2}}{CHILD}\b",
            r"\b(coppa|children.?s online privacy)\b",
            r"\b(child|minor|pupil|student|kid)(ren)?.?s? (personal )?(data|information|account|details|privacy|records)\b",
        ),
        3.0: (
            r"\b(under (the age of )?(13|16|18|thirteen|sixteen)|(aged?|s?he is|s?he.?s) (only |just )?([5-9]|1[0-5])\b|is (only |just )?([5-9]|1[0-5]) years?.?old\b|\b([5-9]|1[0-5]).?(years?.?old|yo\b|yrs?))",
            r"\b(without|no) (my |our |any |a )?(parent\w{0,3}|guardian\w{0,2}|mother|father)?.?s? ?(parental )?(consent|permission|knowledge)\b",
            r"\b(i am|i.?m|as) (the |his |her |a |their )?(mother|father|mum|mom|dad|parent|guardian|legal guardian|carer|grand(mother|father|parent))\b",
            r"\bparental (consent|responsibility|authority|rights)\b",
            r"\b(i am|i.?m) (only |just )?([89]|1[0-5])( years?.?old)?\b",
        ),
        1.0: (r"\b(school|pupils?|class(room)?|teacher|homework|classmates)\b",),
        -3.0: (
            r"\b(may|can|could|are|is|before|whether|if|planning|considering|would)…\b(pupils?|students?|children|kids)…\b(use|allowed|permitted|join|sign up|minimum age)\b(?!…\b(already|has|have|did)\b)",
            r"\b(minimum age|age limit|age requirement)\b",
            r"\b(my (son|daughter|child)).?s? (birthday|wedding|school play|sick|ill|christening)\b",
            r"\b(adult|grown.?up|(aged?|is) (19|[2-6]\d)) ?(son|daughter|child|children)?\b",
        ),
    },
)
OTHERS = (
    spoken(
        "de",
        {
            4.0: (
                r"\b(mein\w{0,2}|unser\w{0,2}) (\w{1,12} ){0,2}(sohn\w{0,2}|tochter|kind\w{0,3}|enkel\w{0,2}|sch[uü]ler\w{0,3})\b…\b(konto|account|daten|angemeldet|registriert|angegeben|aufgenommen|aufzeichnung|benutzt|nutzt|profil|alt)\b",
                r"\b(daten|konto|account|aufnahme|profil|foto)…\b(meine[srm]|unsere[srm]) (\w{1,12} ){0,2}(sohn\w{0,2}|tochter|kind\w{0,3}|sch[uü]ler\w{0,3})\b",
                r"\b(minderj[aä]hrig\w{0,2}|ohne (meine |unsere |elterliche )?(zustimmung|einwilligung) der eltern|elterliche (zustimmung|einwilligung|sorge))\b",
            ),
            2.0: (r"\b([5-9]|1[0-5]) jahre( alt)?\b|\b([5-9]|1[0-5]).?j[aä]hrig\w{0,2}\b",),
        },
    )
    + spoken(
        "fr",
        {
            4.0: (
                r"\b(mon|ma|notre|mes|nos) (\w{1,12} ){0,2}(fils|fille|enfants?|petit.?fils|petite.?fille|[eé]l[eè]ves?)\b…\b(compte|donn[eé]es|inscrit\w{0,2}|enregistr\w{1,6}|utilis\w{1,3}|ans|profil|photo)\b",
                r"\b(compte|donn[eé]es|enregistrement|profil|photo)…\b(de|d) (mon|ma|notre|mes) (\w{1,12} ){0,2}(fils|fille|enfants?)\b",
                r"\b(mineure?s?|autorit[eé] parentale|(sans|accord|autorisation) (l.?accord |l.?autorisation )?(parental\w{0,2}|des parents))\b",
            ),
            2.0: (r"\b([5-9]|1[0-5]) ans\b",),
        },
    )
    + spoken(
        "es",
        {
            4.0: (
                r"\b(mi|mis|nuestr[oa]s?) (\w{1,12} ){0,2}(hij[oa]s?|niet[oa]s?|niñ[oa]s?|alumn[oa]s?)\b…\b(cuenta|datos|registr\w{1,4}|grab\w{1,6}|us[aó]|utiliz\w{1,3}|años|perfil|foto)\b",
                r"\b(cuenta|datos|grabaci[oó]n|perfil|foto)…\b(de|del) (mi|mis|nuestr[oa]s?) (\w{1,12} ){0,2}(hij[oa]s?|niñ[oa]s?)\b",
                r"\b(menor(es)? de edad|(sin|consentimiento|autorizaci[oó]n) (el |mi |la )?(consentimiento )?(parental|paterno|de (los|sus) padres)|patria potestad)\b",
            )
        },
    )
    + spoken(
        "it",
        {
            4.0: (
                r"\b(mi[oa]|nostr[oa]|miei) (\w{1,12} ){0,2}(figli[oa]?|bambin[oai]|nipot[ei]|alunn[oi])\b…\b(account|dati|registrat\w|iscritt\w|us[ao]|utilizz\w|anni|profilo|foto)\b",
                r"\b(account|dati|registrazione|profilo|foto)…\b(di|del|della) (mi[oa]|nostr[oa]) (\w{1,12} ){0,2}(figli[oa]|bambin[oa])\b",
                r"\b(minorenn[ei]|minori? d.?et[aà]|consenso (dei genitori|genitoriale)|responsabilit[aà] genitoriale)\b",
            ),
            2.0: (r"\b([5-9]|1[0-5]) anni\b",),
        },
    )
    + spoken(
        "nl",
        {
            4.0: (
                r"\b(mijn|onze|ons) (\w{1,12} ){0,2}(zoon\w{0,3}|dochter\w{0,3}|kind\w{0,4}|kleinkind\w{0,4}|leerling\w{0,2})\b…\b(account|gegevens|aangemeld|geregistreerd|opgenomen|opname|gebruikt|jaar|profiel|foto)\b",
                r"\b(account|gegevens|opname|profiel|foto)…\bvan (mijn|onze|ons) (\w{1,12} ){0,2}(zoon\w{0,3}|dochter\w{0,3}|kind\w{0,4})\b",
                r"\b(minderjarig\w{0,2}|toestemming van (de|haar|zijn) ouders|ouderlijk\w{0,2} (toestemming|gezag))\b",
            )
        },
    )
    + spoken(
        "pt",
        {
            4.0: (
                r"\b(meus?|minhas?|nosso|nossa) (\w{1,12} ){0,2}(filh[oa]s?|net[oa]s?|criança|alun[oa]s?)\b…\b(conta|dados|cadastr\w{1,4}|regist\w{1,4}|grav\w{1,4}|us[oa]u?|anos|perfil|foto)\b",
                r"\b(conta|dados|grava[cç][aã]o|perfil|foto)…\b(do|da|de) (meus?|minhas?|nosso|nossa) (\w{1,12} ){0,2}filh[oa]s?\b",
                r"\b(menor(es)? de idade|(consentimento|autoriza[cç][aã]o) (dos pais|parental)|sem (autoriza[cç][aã]o|consentimento) dos (pais|respons[aá]veis))\b",
            )
        },
    )
    + spoken(
        "pl",
        {
            4.0: (
                r"\b(m[oó]j|moja|moje|mojego|mojej|nasz\w{0,3}) (\w{1,12} ){0,2}(syn\w{0,3}|c[oó]rk\w{1,2}|dzieck\w{1,2}|dzieci|wnuk\w{0,2}|uczni\w{1,3})\b…\b(kont\w{1,2}|dan\w{1,3}|zarejestr\w{1,6}|za[lł]o[zż]y\w{1,3}|nagra\w{1,4}|lat|profil|zdj[eę]ci\w)\b",
                r"\b(kont\w{1,2}|dan\w{1,3}|nagrani\w|profil|zdj[eę]ci\w)…\b(mojego|mojej|naszego|moich) (\w{1,12} ){0,2}(syna|c[oó]rki|dziecka|dzieci)\b",
                r"\b(niepe[lł]noletni\w{0,4}|ma[lł]oletni\w{0,4}|zgod\w{1,2} (rodzic\w{1,4}|opiekun\w{1,2})|bez (mojej |naszej )?(zgody|wiedzy) rodzic[oó]w)\b",
            ),
            2.0: (r"\b([5-9]|1[0-5]) lat\b",),
        },
    )
)
#: what people say who know neither the law nor its words
EVERYDAY = spoken(
    "en",
    {
        3.5: (
            r"\b(son|daughter|boy|girl|child|children|kids?|grand ?(son|daughter|child)|niece|nephew|twins|pupils?|step ?(son|daughter))\W{1,3}((is|are|aged?|who is|just|only|now) ){0,2}([4-9]|1[0-5]|(four|five|six|seven|eight|nine|ten|eleven|twelve|thirteen|fourteen|fifteen))\b(?! (rooms|seats|licen|meetings|calls|times|minutes))",
            r"\b(four|five|six|seven|eight|nine|ten|eleven|twelve|thirteen|fourteen|fifteen).?years?.?olds?\b",
        ),
        -2.5: (r"\b(licen[cs]e|quote|price|cost)\b",),
    },
) + spoken(
    "de",
    {
        2.5: (
            r"\b(tochter|sohn|kind|enkel\w{0,2})…\b(ist|wird|von) (erst |gerade )?((f[uü]nf|sechs|sieben|acht|neun|zehn|elf|zw[oö]lf|dreizehn|vierzehn)|[4-9]|1[0-5])\b",
        )
    },
)

VOICE = Step(
    name="voice",
    label="Whose voice, and how old",
    action="voice",
    button="Whose voice?",
    asks=(
        choice(
            "voice",
            "Who writes",
            child="The child",
            parent="A parent or guardian",
            school="A school",
            other="Somebody else",
        ),
        text("age", "Age as they say", optional=True),
    ),
)
#: before anything else: GDPR rec. 38
STOPPED = Step(
    name="stopped",
    label="Stop marketing and profiling",
    action="stop_use",
    button="Stop marketing now",
    suppress=True,
)
#: who writes is seldom whose data it is
ADDRESSES = Step(
    name="addresses", label="Stop marketing to the child's own account", action="do_not_mail"
)
#: 16 CFR 312.6(a)(3): using available technology and without burden; never against the child
MAY_ACT = Step(name="verify", label="Who may act for the child", action="verify")
SAFETY = Step(
    name="safety",
    label="Is anybody in danger",
    action="safety",
    button="Safety",
    intro="Custody, abuse: who is named for safeguarding is told, or else the managers; nothing "
    "goes to an address others may read.",
    asks=(
        choice("danger", "Danger", no="No sign of it", yes="Yes: somebody is told now"),
        NOTE,
    ),
)
WANTED = Step(
    name="wanted",
    label="What is asked",
    action="wanted",
    button="What is asked?",
    asks=(
        choice(
            "wanted",
            "They want",
            see="To see the data",
            stop="No more collected or used",
            delete="Everything deleted",
        ),
    ),
)
#: 16 CFR 312.5; without consent it is an incident of ours, perhaps a wider deletion
CONSENT = Step(
    name="consent",
    label="Was there consent",
    action="consent",
    button="Consent?",
    asks=(
        choice(
            "consent",
            "A parent's consent",
            yes="There was",
            no="There was none: an incident of ours is opened",
            old="Not needed at that age",
        ),
        NOTE,
    ),
)
DELETE = (Given(step="wanted", field="wanted", values=("delete",), open=False),)
HELD = replace(HOLD_CHECK, given=DELETE)
GOING = replace(ERASING, after=(*ERASING.after, "safety"), given=DELETE)
GONE = replace(ERASED, given=DELETE)
#: a parent may at any time refuse further use or collection (16 CFR 312.6(a)(2))
CEASE = (Given(step="wanted", field="wanted", values=("stop",), open=False),)
CEASING = Step(
    name="ceasing",
    label="Have collection and use stopped",
    action="cease",
    button="Stop the use",
    round="cease",
    after=("verify", "wanted"),
    given=CEASE,
)
CEASED = Step(
    name="ceased",
    label="Owners stop it",
    action="nudge",
    of="ceasing",
    after=("ceasing",),
    given=CEASE,
)
ANSWER = Step(
    name="answer",
    label="Answer",
    action="reply",
    after=("verify", "safety", "wanted", "heard", "ceased", "erased"),
)


class ChildData(Kind):
    """A child's data: the closed circle, and who may speak for the child, come first."""

    name = "child_data"
    title = "Child's data"
    asks = "help about a child's data"
    circle = Circle.RESTRICTED
    depth = Depth.AUTHORITY
    proofs = ("parent", "child", "call_back", "papers")
    acknowledged = False
    clues = ENGLISH + OTHERS + EVERYDAY
    steps = (
        CONFIRM,
        VOICE,
        STOPPED,
        ADDRESSES,
        MAY_ACT,
        SAFETY,
        WANTED,
        CONSENT,
        HELD,
        ASK_OWNERS,
        HEARD,
        CEASING,
        CEASED,
        GOING,
        GONE,
        ANSWER,
        CLOSE,
    )
    letters = ("answer_child", "partial", "no_data")
    outcomes = (Outcome.FULFILLED, Outcome.PARTLY_FULFILLED)
    two_persons = ("answer_child", "partial", "no_data", "erasing", "erased")
    refusals = ("unfounded", "legal_obligation", "others_rights", "no_match")


KIND = ChildData()

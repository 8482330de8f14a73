"""Somebody wants to see their data (GDPR Art. 15, portability Art. 20, CCPA 1798.110)."""
# ruff: noqa: E501  a regular expression is not wrapped

from handlers import former_colleagues
from handlers.handler import CLOSE, CONFIRM, VERIFY, Depth, Field, Given, Kind, Step, spoken
from handlers.rights import OF_ACCESS
from handlers.steps import (
    ASK_OWNERS,
    COPIES,
    HEARD,
    NOTE,
    PASSED_ON,
    PRESERVE,
    REVIEW,
    WHOSE,
    WHY,
    choice,
    text,
    ticked,
)
from handlers.verification import CATEGORIES
from storage.records import Outcome

ENGLISH = spoken(
    "en",
    {
        4.0: (
            r"\b(subject access|data subject access|dsar\b|\bsar\b)",
            r"\bright (of|to) access\b",
            (
                r"\b(copy|copies|export|extract|download|disclosure|overview|list|record|report) (of|with) "
                r"(all |any |every |the )?(of )?(my|our|his|her|the) (own )?(client.?s |personal |customer |user |account |meeting )?"
                r"(data|info|information|records?|files?|recordings?|log.?ins?|sign.?ins?|details)\b"
            ),
            (
                r"\b(send|give|provide|e.?mail|get|furnish|supply|show|share)( with)? (me|us)…"
                r"\b(everything|all( of)? (the |my |your )?(personal )?(data|information|info|records|files)|"
                r"whatever|anything|what)…\b(you|cafex|your company)( guys)?( currently| still)? (have|hold|keep|store|know|got|process|collected?)"
            ),
            (
                r"\b(access|see|view|obtain|inspect|review|receive|get) (to )?(a copy of )?(all |any )?(of )?(the |my |our )(own )?"
                r"(personal )?(data|information|info)\b(?!…\b(delete|erase|removed?)\b)"
            ),
        ),
        3.0: (
            (
                r"\b(do|does|did|whether|if) (you|cafex|spaces|your company)…\b(hold|have|store|keep|process|know)( any| anything| some)?"
                r"( personal)?( data| information| info| records?| thing)?( at all)? (on|about|concerning|relating to|of) (me|us|my (client|husband|wife|mother|father|son|daughter))\b"
            ),
            r"\b(article|art|section|sec|s) (15|20|45|94|1798 1(00|10|15|30))\b",
            r"\bwhere (did|do|have) you (get|got|obtain|obtained|find|found|have)…\b(my|our|me)\b",
            (
                r"\b(who|whom|which (third )?part(y|ies)|which companies|with whom)…\b(shared?|disclosed?|sold|passed?|given|receiv\w{1,4})…\b(my|our) (personal )?"
                r"(data|information|info|details|address|e.?mail)\b"
            ),
            (
                r"\b(want|like|wish|need|please|request(ing)?|entitled|ask(ing)?|demand)…\b(know|see|find out|learn|told)…"
                r"\b(what|which|everything|all|anything)…\b(about|on|concerning) (me|us)\b"
            ),
            r"\b(download|export|take out|extract)…\bmy (personal |own |account |meeting |chat )?(data|information|recordings?|history|messages|chats)\b",
            r"\brequest(ing)?( for| to)? (access|disclosure)…\b(data|information|records)\b",
            r"\b(categories|specific pieces) of (personal )?(information|data)\b",
            r"\bwhat (you|cafex|spaces|your company) (have|has|hold|holds|know|knows|keep|keeps|store|stores)( got)?( stored)? (about|on) (me|us|him|her)\b",
        ),
        1.5: (
            r"\b(machine.?readable|structured, commonly used)\b",
            r"\b(copy|copies) of\b…\b(recordings?|logs?|transcripts?|correspondence|e.?mails|records|file)\b",
        ),
        0.7: (r"\b(gdpr|ccpa|data protection act|cpra)\b",),
        -2.5: (
            r"\b(can.?t|cannot|unable to|not able to) (access|log ?in|sign ?in|open|join)\b",
            r"\bcopy of (the |my |our |an )?(invoice|receipt|contract|order|quote|brochure|dpa|certificate|soc ?2|agreement|policy|whitepaper)\b",
        ),
    },
)
GERMAN = spoken(
    "de",
    {
        4.0: (
            r"\b(auskunfts(ersuchen|anfrage|anspruch|recht|begehren|antrag|verlangen)|selbstauskunft|daten(schutz)?auskunft)\b",
            r"\b(auskunft|information|mitteilung)…\b([uü]ber|zu|bez[uü]glich)…\b(meine|mich|meiner|gespeicherten?|personenbezogenen?)\b",
            r"\bwelche (personenbezogenen? |pers[oö]nlichen )?(daten|informationen)…\b([uü]ber mich|von mir|zu mir|zu meiner person)\b",
            r"\bkopie (aller|meiner|der|s[aä]mtlicher)…\b(daten|informationen|aufzeichnungen|unterlagen)\b",
        ),
        2.5: (
            r"\b(was|ob|welche)…\b([uü]ber mich|von mir|zu mir)…\b(gespeichert|haben|wissen|verarbeiten|speichern)\b",
        ),
        0.7: (r"\b(ds.?gvo|auskunft)\b",),
    },
)
FRENCH = spoken(
    "fr",
    {
        4.0: (
            r"\b(droit|demande) d.?acc[eè]s\b",
            r"\b(copie|communication|export|liste) (de |int[eé]grale )?(toutes |l.?ensemble de(s)? |mes |des )…\b(donn[eé]es|informations)\b",
            r"\b(acc[eé]der|acc[eè]s) (à|a|aux?) (toutes )?(mes|ces|l.?ensemble|donn[eé]es)…",
        ),
        0.7: (
            r"\bmes donn[eé]es\b",
            r"\bdonn[eé]es (personnelles|à caract[eè]re personnel)\b",
        ),
    },
)
SPANISH = spoken(
    "es",
    {
        4.0: (
            r"\b(derecho|solicitud|petici[oó]n) de acceso\b",
            r"\b(copia|listado|informe|relaci[oó]n) (completa )?(de )(todos |todas )?(los |las |mis )?…\b(datos|informaci[oó]n|registros|grabaciones)\b",
            r"\bqu[eé] (datos|informaci[oó]n)( personales)?…\b(tienen|tiene|guardan|almacenan|poseen|conservan|tratan|sobre m[ií])\b",
        ),
        2.5: (
            r"\b(saber|conocer|confirmar|confirmen|indicar|indiquen)…\b(sobre m[ií]|mis datos|de m[ií])\b",
        ),
        0.7: (r"\bmis datos\b",),
    },
)
ITALIAN = spoken(
    "it",
    {
        4.0: (
            r"\b(diritto|richiesta|istanza) (di|d) ?accesso\b",
            r"\bportabilit[aà]\b",
            r"\b(copia|elenco|estratto) (completa |integrale )?(di |dei |delle )?(tutti |tutte )?(i |le |miei )?…\b(dati|informazioni|registrazioni)\b",
            r"\bquali (dati|informazioni)…\b(su di me|avete|conservate|trattate|possedete|detenete|mi riguardano)\b",
        ),
        2.5: (
            r"\b(sapere|conoscere|conferma\w{0,3}|indica\w{0,3})…\b(su di me|miei dati|mi riguard\w{2,4})\b",
        ),
        0.7: (r"\bgdpr\b",),
    },
)
DUTCH = spoken(
    "nl",
    {
        4.0: (
            r"\b(inzage(verzoek|recht)?|recht op inzage)\b",
            r"\b(dataportabiliteit|overdraagbaarheid)\b",
            r"\b(kopie|afschrift|overzicht|export) van (al |alle )?(mijn |de )?…\b((persoons)?gegevens|data|informatie|opnames?)\b",
            r"\bwelke (persoons)?(gegevens|informatie|data)…\b(over mij|van mij|heeft|hebben|bewaart|bewaren|verwerkt)\b",
        ),
        2.5: (r"\bart\w{0,5} 15\b…\b(avg|gdpr)\b",),
        0.7: (
            r"\bavg\b",
            r"\bmijn (persoons)?gegevens\b",
        ),
    },
)
PORTUGUESE = spoken(
    "pt",
    {
        4.0: (
            r"\b(direito|pedido|solicita[cç][aã]o) (de|ao) acesso\b",
            r"\b(c[oó]pia|lista|relat[oó]rio) (completa )?(de |dos |das )(todos |todas )?(os |as |meus )?…\b(dados|informa[cç][oõ]es|registros|grava[cç][oõ]es)\b",
            r"\b(quais|que) (s[aã]o os )?(dados|informa[cç][oõ]es)…\b(t[eê]m|tem|possuem|guardam|armazenam|sobre mim|a meu respeito)\b",
        ),
        2.5: (
            r"\bart\w{0,5} (15|18|19)\b…\b(lgpd|rgpd)\b",
            r"\b(saber|confirmar|informar|confirma[cç][aã]o)…\b(sobre mim|meus dados|a meu respeito)\b",
        ),
        0.7: (r"\b(lgpd|rgpd)\b",),
    },
)
POLISH = spoken(
    "pl",
    {
        4.0: (
            r"\b(prawo|prawa|wniosek o|[zż][aą]danie) dost[eę]pu\b",
            r"\b(przenoszeni[ae]|przeniesieni[ae]) danych\b",
            r"\bkopi[eęaią]{1,2} (wszystkich )?(moich )?(danych|informacji|nagra[nń])\b",
            r"\bdost[eę]p(u)? do (wszystkich )?(moich |swoich )?danych\b",
            r"\bjakie (moje )?(dane|informacje)…\b(o mnie|pa[nń]stwo|posiadacie|przetwarzacie|macie|przechowuj\w{2,5})\b",
        ),
        0.7: (r"\brodo\b",),
    },
)
#: "delete what you have about me" asks for no copy of it
GONE = (
    spoken(
        "en",
        {
            -4.0: (
                r"\b(delet\w{1,3}|eras\w{1,3}|remov\w{1,3}|wip\w{1,3}|destroy\w{0,3}|get rid of|purge)…\b(everything|anything|all|what|whatever|any)…\b(you|cafex) (\w{1,10} )?(have|hold|keep|got|know|stored?|collected)\b",
            )
        },
    )
    + spoken(
        "de",
        {
            -4.0: (
                r"\b(l[oö]sch\w{1,3}|entfern\w{1,3}|vernicht\w{1,3})…\b([uü]ber|von|zu) (mich|mir|meiner)\b",
            )
        },
    )
    + spoken(
        "fr",
        {
            -4.0: (
                r"\b(effac\w{1,4}|supprim\w{1,4}|d[eé]trui\w{1,4})…\b(vous avez|sur moi|me concern\w{2,4})\b",
            )
        },
    )
    + spoken(
        "es", {-4.0: (r"\b(borr|elimin|suprim)\w{1,4}…\b(sobre m[ií]|de m[ií]|tienen|tengan)\b",)}
    )
    + spoken("pl", {-4.0: (r"\b(usun|usu[nń]|skas)\w{1,6}…\b(o mnie|macie|na m[oó]j temat)\b",)})
)
#: what people say who know neither the law nor its words
EVERYDAY = (
    spoken(
        "en",
        {
            4.0: (
                r"\b(copy|copies|list|record|overview|export|summary|disclosure) of (everything|anything|whatever|what|all|any|the|every) (\w{1,12} ){0,4}(you|u|cafex|spaces|your (company|organi[sz]ation|firm|team))(.?ve)?( guys| people)? (\w{1,12} )?(have|has|hold|holds|held|keep|keeps|kept|stored?|got|collect|collected|recorded?|know|knows|process|processed|saved?)\b",
                r"\b(copy|copies|details?|records?|disclosure) of (all |any |every |the )?(\w{1,12} ){0,2}(data|info|information|records?|files?|details) (\w{1,10} ){0,2}(about|on|concerning|relating to|related to|regarding|under) (me|myself|my name|us|him|her|them|(my|our) (client|mother|father|husband|wife|son|daughter|child\w{0,3}))\b",
                r"\b(see|know|have|get|receive|obtain|find out|tell me|send me|show me|give me|provide me|provide|learn|hear|ask)…\b(what|whatever|everything|anything|all|which|any|details|stuff|things|info|information|data)( \w{1,12}){0,4} (you|u|cafex|spaces|your (company|organi[sz]ation|firm|team))(.?ve)?( guys| people)?( \w{2,10}){0,2} (have|has|hold|holds|held|keep|keeps|kept|stored?|got|collect|collected|recorded?|know|knows|process|processed|saved?)( \w{2,10}){0,4} (on|about|of|under|regarding|concerning|from) (me|myself|my name|us|him|her|them|(my|our) (client|mother|father|husband|wife|son|daughter|child\w{0,3}))\b",
                r"\b(where|how|from whom)( on earth| the hell)? (did|do|have) (you|u)( \w{2,10}){0,2} (get|got|obtain|find|found|have|come by|acquire)…\b(my|me|it from)\b",
                r"\b(who|whom|which|what)( \w{2,12}){0,2} my (\w{2,12} ){1,3}(was|were|has been|have been|is|are|got|gets) (\w{2,10} )?(passed|given|sold|shared|disclosed|sent|transferred|handed)\b",
                r"\bright to know\b|\bexercis\w{1,4} (my |the |a )?right (to|of) access\b",
            ),
            3.5: (
                r"\b(all|everything|what|whatever|anything)( that)?( is| has|.s|.ve)?( been| being)? (kept|held|stored|collected|recorded|saved|known|on file)( \w{2,10}){0,2} (about|on|under|of|from) (me|myself|my name|us|him|her|them|(my|our) (client|mother|father|husband|wife|son|daughter|child\w{0,3}))\b",
                r"\b(do|does|did|have|has|are|whether|if|got) (you|u|ya|cafex)…\b(anything|any thing|something|stuff|things|data|info|information|details|records?|a file|files)\b…\b(about|on|of|under) (me|my (name|e.?mail|address|number))\b",
                r"\b(disclose|provide|send|give|release|furnish|hand over)( to)?( me| us)?…\b(personal (data|information)|information|data)…\b(you (have|hold|collected|process)|about|relating to|concerning) (me|her|him|us|our client|my client)\b",
                r"\bmy (personnel|hr|employee|customer|support) (file|record)s?\b(?!…\b(delet|eras|correct|wrong))",
                r"\bwhat…\byou (have|hold|keep|know|stored?|got) (on|about) me\b",
            ),
            2.8: (
                r"\b(is|are) (that|it|this|they|those|my \w{2,12}|any of (it|that|this)) (still )?(stored|held|kept|recorded|saved|on file)\b",
                r"\b(get|have|obtain|receive|download|export|copy of|send me|retrieve|want)…\b(messages|chats?|recordings?|transcripts?|conversations|e.?mails|notes|contacts|files) (that |which |where |in which |on which )?(i|i.?m|we) (\w{2,10} )?(wrote|sent|speak|appear|am|took|said|posted|made|can be|was|were|feature)\b",
                r"\b(times?|dates?|places|devices|ip addresses)( \w{2,10}){0,3} (my account|i) (was|were|has|have|signed|logged)\b",
                r"\b(take|move|transfer|port|hand over|hand)…\b(my|all|them)\b…\b(with me|elsewhere|to another|(machine.?)?readable|format)\b",
            ),
            1.5: (
                r"\b(as (you )?(asked|requested)|in reply to your)…\b(passport|licen[cs]e|id card|proof)\b",
                r"\b(passport|driving licen[cs]e|id card|proof of (id|identity|address))…\b(attached|enclosed|scan)\b",
                r"\b(like|love|want|grateful|wish|keen)( \w{2,10}){0,2} (see|receive|have) (it|them|that|those|whatever)\b",
            ),
        },
    )
    + spoken(
        "de",
        {
            4.0: (
                r"\bwas (wissen|haben|speichern|wisst|habt)…\b(von|[uü]ber|zu) (mir|mich)\b",
                r"\bwoher (haben|habt|hat|stammt|kommt|kennen|kennt)…\b(meine\w{0,1}|mich)\b",
            ),
            -4.0: (r"\b(staatsanwaltschaft|polizei|ermittlungsverfahrens?|bestandsdaten)\b",),
        },
    )
    + spoken(
        "fr",
        {
            4.0: (
                r"\b(avez.vous|savez.vous|d[eé]tenez.vous|vous avez|vous savez)…\b(sur moi|[aà] mon sujet|me concern\w{2,4})\b",
            ),
            3.0: (
                r"\b(voir|consulter|obtenir|r[eé]cup[eé]rer|recevoir)…\b(mes (donn[eé]es|conversations|messages|contacts|informations)|me concern\w{2,4}|sur moi)\b",
            ),
        },
    )
    + spoken(
        "es",
        {
            4.0: (
                r"\bacceso a (todos )?(mis|los|sus) (datos|informaci[oó]n)\b",
                r"\bqu[eé] (saben|sabe|sab[eé]is|tienen|guardan|hay|conservan)…\b(de|sobre) m[ií]\b",
                r"\bde d[oó]nde (han |hab[eé]is )?(sac\w{2,5}|tienen|consigu\w{2,5}|obt\w{3,7})\b",
            )
        },
    )
    + spoken(
        "it",
        {
            4.0: (
                r"\b(avete|cosa (sapete|avete)|che cosa)…\bsu di me\b",
                r"\bda dove (avete|viene|vengono)…\b(mio|miei|mia)\b",
            ),
            3.0: (
                r"\b(copia|accesso)…\b(dati|che mi riguardano)\b",
                r"\b(vedere|vederl[oi]|sapere|conoscere)…\b(su di me|mi riguard\w{2,4}|conservate)\b",
            ),
        },
    )
    + spoken(
        "nl",
        {
            4.0: (
                r"\b(wat|welke|alles|iets)…\b(over|van) mij\b…\b(opgeslagen|weten|hebben|bewaard|staan)\b",
                r"\bwat (hebben|weten|heeft|weet|bewaren)…\b(over|van) mij\b",
            )
        },
    )
    + spoken(
        "pt",
        {
            4.0: (
                r"\bacesso a(os)? (todos os )?(meus|seus)? ?dados\b",
                r"\b(o que|que|quais)…\b(guardam|t[eê]m|sabem|possuem)…\b(sobre mim|de mim|meu respeito)\b",
                r"\bde onde (tiraram|conseguiram|obtiveram|veio|vieram|t[eê]m)…\b(meu|minha)\b",
            )
        },
    )
    + spoken(
        "pl",
        {
            4.0: (
                r"\b(macie|maj[aą] pa[nń]stwo|wiecie|posiadacie|przechowujecie)…\b(o mnie|na m[oó]j temat|moje dane)\b",
                r"\bsk[aą]d (macie|pa[nń]stwo|wzi[eę]li\w{0,3}|pochodz\w{1,2})\b",
            )
        },
    )
)

#: no question stops the clock of portability in the UK (UK GDPR Art. 12A(5): Art. 15 alone)
WHAT = Step(
    name="what",
    label="What is asked",
    action="what",
    button="What is asked?",
    intro="Nothing recorded: a copy. A question stops the clock for that alone in the UK.",
    optional=True,
    asks=(
        Field(
            name="right",
            label="What they want",
            type="choice",
            options=(
                ("GDPR 15", "A copy, or to know what we hold"),
                ("GDPR 20", "Their data to take elsewhere (portability)"),
            ),
        ),
        NOTE,
    ),
)
#: GDPR Art. 15(1)(a)-(h), (2) and (3)
CHECKLIST = Step(
    name="checklist",
    label="Complete the Article 15 list",
    action="checklist",
    button="Article 15 list",
    intro="Each is in the answer, or the reason is given.",
    after=("heard",),
    asks=(
        ticked(
            "In the answer",
            "A copy of the data",
            "Purposes",
            "Categories of data",
            "Recipients, by name",
            "How long they are kept, or how that is set",
            "Rights to correct, delete, restrict, object",
            "Where to complain",
            "Source, if not from them",
            "Automated decisions and their logic",
            "Transfers abroad and their safeguards",
        ),
        WHY,
    ),
)
ANSWER = Step(
    name="answer",
    label="Answer",
    action="reply",
    after=("review", "checklist", *former_colleagues.BEFORE_ANSWER),
)
#: the desk hosts no files, and none goes through Slack
DELIVERED = Step(
    name="delivered",
    label="Delivered another way",
    action="delivered",
    button="Delivered another way",
    intro="A link to the company's own share with its end, registered post: never through Slack.",
    after=("verify", "review", "checklist", *former_colleagues.BEFORE_ANSWER),
    optional=True,
    asks=(
        text("what", "What", "Files by type, size and count"),
        text("how", "How", "The way, and when a link ends"),
        text("when", "When"),
        text("whom", "To whom"),
    ),
)


ARRIVED = Step(
    name="arrived",
    label="Seen, or come back",
    action="arrived",
    button="Delivery seen?",
    intro="A link that was opened, a receipt signed. What came back goes once more, to them alone.",
    given=(Given(step="delivered", field="how", open=False),),
    asks=(
        choice("arrived", "What became of it", seen="They have it", back="It came back, or ended"),
        text("when", "When"),
    ),
)
#: 11 CCR 7024(a): where identity fails for the data themselves, their categories are asked for
BY_KIND = Step(
    name="categories",
    label="Categories instead of the data",
    action="categories",
    button="Categories only",
    intro="Identity cannot be settled for a copy of the data: the request goes on as one for "
    "categories, for which two matching facts are enough (11 CCR 7024, 7061).",
    optional=True,
    laws=frozenset({"ccpa"}),
    asks=(
        Field(
            name="right",
            label="They get",
            type="choice",
            options=((CATEGORIES, "Categories, sources, purposes, recipients"),),
        ),
    ),
)


class Access(Kind):
    """A copy, a yes or no, where it came from, who received it; portability too."""

    name = "access"
    title = "Access request"
    asks = "to see their data"
    depth = Depth.ACCOUNT
    clues = (
        ENGLISH
        + GERMAN
        + FRENCH
        + SPANISH
        + ITALIAN
        + DUTCH
        + PORTUGUESE
        + POLISH
        + EVERYDAY
        + GONE
    )
    rights = OF_ACCESS
    steps = (
        CONFIRM,
        WHAT,
        WHOSE,
        PASSED_ON,
        PRESERVE,
        VERIFY,
        former_colleagues.AUTHORITY,
        BY_KIND,
        ASK_OWNERS,
        HEARD,
        former_colleagues.SEARCHED,
        REVIEW,
        former_colleagues.PRIVILEGE,
        CHECKLIST,
        former_colleagues.SEND_TO,
        ANSWER,
        DELIVERED,
        ARRIVED,
        COPIES,
        CLOSE,
    )
    letters = ("answer_access", "answer_portability", "answer_categories", "partial", "no_data")
    outcomes = (Outcome.FULFILLED, Outcome.PARTLY_FULFILLED)
    two_persons = (
        "answer_access",
        "answer_portability",
        "answer_categories",
        "partial",
        "no_data",
        "delivered",
    )
    refusals = ("unfounded", "excessive", "others_rights", "legal_claims", "no_match")


KIND = Access()

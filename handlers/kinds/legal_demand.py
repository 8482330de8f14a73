"""A court, police force, regulator, trustee or process server demands something."""
# ruff: noqa: E501  a regular expression is not wrapped

from handlers import demand_dates
from handlers.handler import CLOSE, CONFIRM, Depth, Kind, Step, spoken
from handlers.letters import templates
from handlers.steps import ASK_OWNERS, HEARD, NOTE, choice, text
from storage.records import Circle, Outcome

ENGLISH = spoken(
    "en",
    {
        4.0: (
            r"\b(subpoena|subpoenaed|duces tecum|search warrant|court order|production order|disclosure order|witness summons|norwich pharmacal|preservation (order|letter|request|notice)|litigation hold notice|grand jury|civil investigative demand|information notice|enforcement notice|writ of|garnishment|national security letter)\b",
            r"\b(detective|sergeant|constable|inspector|special agent|police officer|investigating officer|\bdc|\bds|\bdci)\b…\b(police|constabulary|investigat\w{1,4}|crime|unit|department|request|bureau)\b",
            r"\b(you are|cafex is|are|is) (hereby )?(commanded|ordered|required|directed|compelled|summoned)…\b(to )?(produce|preserve|disclose|appear|provide|furnish|testify)\b",
            r"\b(service of process|process server|hereby served|serve (you|cafex|your company)|registered agent)\b",
            r"\b(emergency disclosure|exigent circumstances|mutual legal assistance|\bmlat\b|18 u\W{0,2}s\W{0,2}c|stored communications act|investigatory powers act|schedule 2.{0,12}data protection act)\b",
        ),
        3.0: (
            r"\b(police|constabulary|sheriff|fbi|interpol|europol|law enforcement|prosecutor\w{0,2}|district attorney|crown prosecution|hmrc|irs|serious fraud office|homeland security)\b…\b(request\w{0,3}|require\w{0,2}|investigat\w{1,5}|subscriber|records|disclos\w{1,4}|provide|obtain|suspect)\b",
            r"\b(information commissioner.?s office|\bico\b|data protection commission|attorney general|federal trade commission|supervisory authority|cnil)\b…\b(case (reference|officer|number)|we (have|are|require|write|received)|investigat\w{1,5}|inquiry|enquiry|require (you|cafex))\b",
            r"\b(subscriber|account|ip|login|connection) (information|records|logs|details)…\b(suspect|investigation|offen[cs]e|crime|criminal|warrant|case)\b",
            r"\b(trustee in bankruptcy|insolvency|liquidator|official receiver|bailiff|executor of the estate)\b",
            r"\b(criminal|police|ongoing|active) investigation\b",
            r"\b(docket|case|cause|claim|warrant|crime) (no|number|ref\w{0,7})\b",
        ),
        1.5: (
            r"\b(court|judge|magistrate|tribunal|county court|district court|high court|superior court)\b",
            r"\b(plaintiff|defendant|v\.|versus|affidavit|deposition|testimony)\b",
            r"\b(comply|compliance|failure to comply)…\b(contempt|penalt\w{1,3}|court|offen[cs]e)\b",
            r"\b(non.?disclosure|do not (notify|inform)|not to disclose)…\b(subject|account holder|user|customer|existence)\b",
        ),
        -3.0: (
            r"\b(do|does|would|will|can) (you|cafex|spaces)…\b(share|disclose|hand|give|provide)…\b(police|law enforcement|government|authorities)\b",
            r"\b(my|our) (solicitor|lawyer|attorney|client)\b",
            r"\b(i|we) (act|am acting|are acting|represent|are instructed|am instructed) (for|on behalf of|by)?",
            r"\b(will|shall|going to|may|might|threat\w{0,5})…\b(court|sue|legal action|report|complain|regulator|police)\b",
            r"\b(my|own) (personal )?data\b",
        ),
    },
)
OTHERS = (
    spoken(
        "de",
        {
            4.0: (
                r"\b(gerichtsbeschluss|durchsuchungsbeschluss|auskunftsersuchen der (polizei|staatsanwaltschaft)|staatsanwaltschaft|beschlagnahme\w{0,8}|vorladung|ermittlungsverfahren|kriminalpolizei|landeskriminalamt|bundeskriminalamt|amtsgericht|landgericht)\b",
                r"\b(polizei\w{0,12}|finanzamt|steuerfahndung|insolvenzverwalter\w{0,2})\b…\b(ersuch\w{1,3}|bitten|auskunft|aktenzeichen|ermittl\w{1,4}|bestandsdaten)\b",
            ),
            2.0: (r"\b(bestandsdaten\w{0,10}|aktenzeichen|§ 100j|stpo)\b",),
        },
    )
    + spoken(
        "fr",
        {
            4.0: (
                r"\b(r[eé]quisition( judiciaire)?|commission rogatoire|ordonnance du (juge|tribunal)|procureur|officier de police judiciaire|gendarmerie|police (judiciaire|nationale)|mandataire judiciaire|huissier|commissaire de justice|enqu[eê]te pr[eé]liminaire)\b",
            ),
            2.0: (r"\b(tribunal|juge d.?instruction|code de proc[eé]dure p[eé]nale)\b",),
        },
    )
    + spoken(
        "es",
        {
            4.0: (
                r"\b(requerimiento (judicial|oficial|de informaci[oó]n)|orden judicial|mandamiento judicial|polic[ií]a (nacional|judicial)|guardia civil|ministerio fiscal|fiscal[ií]a|juzgado|administrador concursal|diligencias previas)\b",
            ),
            2.0: (r"\b(juez|tribunal|atestado)\b",),
        },
    )
    + spoken(
        "it",
        {
            4.0: (
                r"\b(decreto (di )?(esibizione|sequestro|acquisizione)|ordine (di esibizione|del tribunale)|procura della repubblica|polizia (postale|giudiziaria)|carabinieri|guardia di finanza|ufficiale giudiziario|curatore fallimentare|procedimento penale)\b",
            ),
            2.0: (r"\b(tribunale|pubblico ministero|giudice)\b",),
        },
    )
    + spoken(
        "nl",
        {
            4.0: (
                r"\b(vordering( ex| op grond)?|gerechtelijk bevel|officier van justitie|openbaar ministerie|opsporingsambtenaar|recherche|rechtbank|deurwaarder|curator|strafrechtelijk onderzoek)\b",
            ),
            2.0: (r"\b(politie|artikel 126\w{0,3}|strafvordering)\b",),
        },
    )
    + spoken(
        "pt",
        {
            4.0: (
                r"\b(ordem judicial|mandado( judicial)?|of[ií]cio (judicial|n)|intima[cç][aã]o|pol[ií]cia (federal|civil|judici[aá]ria)|minist[eé]rio p[uú]blico|delegacia|inqu[eé]rito policial|administrador (judicial|de insolv[eê]ncia)|quebra de sigilo)\b",
            ),
            2.0: (r"\b(ju[ií]z|tribunal|vara c[ií]vel|processo n)\b",),
        },
    )
    + spoken(
        "pl",
        {
            4.0: (
                r"\b(postanowieni\w (s[aą]du|prokurat\w{1,4})|prokuratur\w{1,2}|nakaz s[aą]dowy|komend\w (policji|miejsk\w{1,3}|powiatow\w{1,3}|wojew[oó]dzk\w{1,3})|komisariat|komornik\w{0,2}|syndyk\w{0,2}|post[eę]powani\w (karn\w{1,3}|przygotowawcz\w{1,3}))\b",
            ),
            2.0: (r"\b(s[aą]d rejonowy|s[aą]d okr[eę]gowy|sygnatura akt|policj\w{1,2})\b",),
        },
    )
)
#: what people say who know neither the law nor its words
EVERYDAY = spoken(
    "en",
    {
        3.5: (
            r"\bserve (\w{2,10} ){0,2}(papers|process|documents|proceedings|summons)\b|\bservice of (\w{2,10} )?(papers|proceedings|summons)\b",
            r"\b(this is|i am with|on behalf of) (the )?(\w{2,12} ){0,3}(pd|police department|police|sheriff.?s office|constabulary)\b",
            r"\b(trustee in bankruptcy|insolvency practitioner|court.appointed)\b",
        ),
        3.0: (
            r"\byou (must|shall|are required to|are obliged to|are ordered to) (furnish|produce|surrender|preserve|disclose)\b",
            r"\b(pending (the )?issuance of|legal process|preserve (all )?(records|evidence|data))\b",
        ),
        2.0: (
            r"\b(enforcement|revenue|tax|customs|immigration|excise) (enforcement |and customs )?(office|authority|agency|department|service|unit)\b",
            r"\b(taxpayer|account holder|suspect|subscriber|debtor)\b",
            r"\b(immediate|imminent) danger\b",
            r"\b(user|account|subscriber|individual|person|taxpayer) (below|named below|listed|concerned|in question|identified)\b",
            r"\bv (cafex|caf[eé]x)\b",
        ),
    },
) + spoken(
    "de",
    {
        2.5: (r"\b(ermittlungsverfahrens?|strafverfahrens?|strafsache)\b",),
    },
)

#: never computed: what is asked by when stands in the demand itself
DATE = Step(
    name="date",
    label="Enter their date",
    action="their_date",
    button="Enter their date",
    asks=demand_dates.ASKS,
)
#: forged demands exist: called back on a number found independently
REAL = Step(name="verify", label="Is it real", action="verify")
SORTED = Step(
    name="sorted",
    label="What it is",
    action="sort_demand",
    button="What is it?",
    asks=(
        choice(
            "force",
            "It is",
            inquiry="A regulator's inquiry",
            order="An order",
            request="A request without force",
            emergency="An emergency",
        ),
        choice("secret", "Secrecy ordered?", no="No", yes="Yes: tell nobody"),
    ),
)
PRESERVED = Step(
    name="preserved",
    label="Preserve now",
    action="preserve_now",
    button="Preserve",
    intro="Nothing is deleted; nobody outside is told.",
    asks=(choice("hold", "Legal hold", on="On: nothing is deleted"),),
)
SCOPE = Step(
    name="scope",
    label="Basis and scope",
    action="scope",
    button="Basis and scope",
    after=("verify", "sorted"),
    asks=(
        text("basis", "Legal basis and jurisdiction"),
        text("scope", "What is given, what is narrowed or objected to"),
    ),
)
ANSWER = Step(
    name="answer",
    label="Answer by their secure route",
    action="reply",
    after=("verify", "scope", "heard"),
)
#: the usual way: nothing secret goes to an authority by plain mail
ROUTED = Step(
    name="routed",
    label="Answered by their own route",
    action="routed",
    button="By their own route",
    intro="What was agreed as the scope, by their portal, a courier, in person: never by plain "
    "mail. A second person approves first.",
    after=("verify", "scope", "heard"),
    takes="answer",
    optional=True,
    asks=(text("how", "By which route"), text("when", "When"), text("whom", "To whom")),
)
SUBJECT_TOLD = Step(
    name="subject_told",
    label="Tell the person concerned",
    action="subject_told",
    button="Person told",
    intro="Only where it is allowed, and from the day it is.",
    optional=True,
    asks=(text("when", "When, or until when it is forbidden"),),
)
REGISTERED = Step(
    name="registered",
    label="Enter it in the register of disclosures",
    action="register",
    button="Registered",
    asks=(text("what", "What was disclosed, to whom, by which route"), NOTE),
)
RELEASED = Step(
    name="released",
    label="Lift the hold",
    action="lift_hold",
    button="Lift hold",
    after=("registered",),
    asks=(
        choice("hold", "Legal hold", lifted="Lifted", on="It stays on"),
        text("reason", "Why it is over, or stays"),
    ),
)


class LegalDemand(Kind):
    """Counsel alone touches it; the sender is proven by a call back, never by the mail."""

    name = "legal_demand"
    title = "Legal demand"
    asks = "something on an authority's behalf"
    circle = Circle.COUNSEL
    depth = Depth.AUTHORITY
    proofs = ("call_back",)
    acknowledged = False
    clues = ENGLISH + OTHERS + EVERYDAY
    steps = (
        CONFIRM,
        DATE,
        REAL,
        SORTED,
        PRESERVED,
        SCOPE,
        ASK_OWNERS,
        HEARD,
        ROUTED,
        ANSWER,
        SUBJECT_TOLD,
        REGISTERED,
        RELEASED,
        CLOSE,
    )
    letters = ("answer_legal",)
    outcomes = (Outcome.FULFILLED, Outcome.PARTLY_FULFILLED)
    # anything to an authority, whatever the letter
    two_persons = (*templates.names(), "routed")
    never_alone = True
    refusals = ("unfounded", "excessive", "others_rights", "legal_obligation")


KIND = LegalDemand()

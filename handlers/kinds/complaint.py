"""Somebody has a grievance about privacy, or about how a request was handled."""
# ruff: noqa: E501  a regular expression is not wrapped

from handlers.handler import CLOSE, CONFIRM, Field, Kind, Role, Step, spoken
from handlers.steps import NOTE, choice, text
from storage.records import Outcome

AUTHORITY = (
    r"(ico|information commissioner|supervisory authority|data protection (authority|commission\w{0,2}|agency)|regulator|"
    r"attorney general|ftc|federal trade commission|cnil|aepd|garante|dpc|jams|ombudsman|court|tribunal)"
)

ENGLISH = spoken(
    "en",
    {
        4.5: (
            r"\b(asked|requested|wrote|written|e.?mailed|contacted|submitted|sent|request|requests)\b[\s\S]{0,120}?\b(no|never|not|without|still|nobody|no one|haven.?t|hasn.?t|didn.?t|ignored)…\b(repl(y|ied)|respon(se|ded|d)|answer(ed)?|heard|acknowledg\w{1,6}|happened|done|complied|a word)\b",
        ),
        4.0: (
            r"\b(formal|official|privacy|data protection|gdpr) (complaint|grievance)\b",
            r"\b(i|we) (want to|wish to|would like to|must|am writing to|are writing to|hereby|have to|am going to)?( make| file| lodge| raise| submit| register)?( a| this)?( formal| official)? ?complain(t|ing)?\b(?!…\b(right|reserve)\b)",
            r"\b(i am|i.?m|we are|we.?re) (also |formally |now )?complaining\b",
            r"\b(lodge|file|filing|raise|make|submit|making|lodging|raising)( a| my| this)( formal| official)? (complaint|grievance|appeal)\b",
            r"\bcomplaint (about|regarding|against|concerning)\b",
            r"\b(no|never|not|without|still)…\b(repl(y|ied)|respon(se|ded|d)|answer(ed)?|heard|acknowledg\w{1,6}|acted)…\b(request|dsar|sar|e.?mail|erasure|deletion|access|month|weeks|days|deadline)\b",
        ),
        3.0: (
            rf"\b(will|shall|going to|am|have|intend to|take this|report\w{{0,3}}|refer\w{{0,4}}|escalat\w{{1,4}}|complain\w{{0,3}})…\b(to|with|before) (the )?{AUTHORITY}\b",
            r"\b(privacy|data protection|gdpr|ccpa) (violation|breach|infringement)\b",
            r"\b(shared?|sharing|disclosed|leaked|exposed|sold|sent|published|recorded|used|passed)…\bwithout (my|our|any|asking|having)( prior| explicit)? ?(consent|permission|knowledge|me|authori[sz]ation)\b",
            r"\b(data breach|leaked|someone else.?s (data|information|recording|file))\b",
            r"\b(second|third|fourth|final|last|repeated) (time|request|reminder|e.?mail|notice|letter|attempt)…\b(ask\w{0,3}|request\w{0,3}|wr(ote|itten|iting)|ignored?|delet\w{1,3}|respon\w{1,3})\b",
            r"\b(ignor(ed|ing)|fobbed off|stonewall\w{0,3}) (my|me|our|us|all)\b",
        ),
        1.5: (
            rf"\b{AUTHORITY}\b",
            r"\bcomplain(t|ts|ing|ed)?\b",
        ),
        -3.0: (
            r"\b(reserve|reserves|reserving) (the |my |our )?right…\bcomplain\b",
            r"\b(failing (which|that)|if (you|i) (do not|don.?t|fail|hear nothing)|should you (fail|not)|otherwise)…\b(complain\w{0,3}|complaint|regulator|ico|authority|commissioner)\b",
            r"\b(right|free|entitled) to (lodge a )?complain\w{0,2}\b",
            r"\b(call|audio|video|sound|picture|connection) (quality|drops?|dropped|problems?|issues?)\b",
            r"\b(refund|money back|overcharged|charged twice|double charged|dropped calls?|outage|downtime)\b",
        ),
    },
)
OTHERS = (
    spoken(
        "de",
        {
            4.0: (r"\b(beschwerde|beschwere ich|beschweren)\b(?!…\bvorbehalt)",),
            2.5: (
                r"\b(aufsichtsbeh[oö]rde|datenschutzbeh[oö]rde|landesbeauftragte\w{0,2}|bundesbeauftragte\w{0,2})\b",
            ),
        },
    )
    + spoken(
        "fr",
        {
            4.0: (
                r"\b(plainte|r[eé]clamation|porter plainte|me plaindre|me plains)\b",
                r"\b(aucune|sans|pas (de|re[cç]u)|jamais)…\br[eé]ponse…\b(demande|mois|semaines|courriel|e.?mail|d[eé]lai)\b",
            ),
            -2.5: (
                r"\b([aà] d[eé]faut|sans r[eé]ponse de votre part|me r[eé]serve)…\b(plainte|r[eé]clamation|cnil)\b",
            ),
        },
    )
    + spoken(
        "es",
        {4.0: (r"\b(queja|reclamaci[oó]n|denuncia|quejarme|reclamar|denunciar)\b",)},
    )
    + spoken(
        "it",
        {
            4.0: (r"\b(reclamo|reclami|lamentela|denuncia|esposto|protesta formale)\b",),
            2.5: (r"\b(viola\w{1,6}|lesion\w)…\b(dati|privacy|gdpr|diritti)\b",),
        },
    )
    + spoken(
        "nl",
        {
            4.0: (
                r"\b(klacht|klachten|beklag|klagen)\b",
                r"\b(geen|nooit|zonder)…\b(antwoord|reactie)…\b(verzoek|maand|weken|e.?mail|termijn)\b",
            ),
            2.5: (r"\bautoriteit persoonsgegevens\b|\btoezichthouder\b",),
        },
    )
    + spoken(
        "pt",
        {
            4.0: (
                r"\b(reclama[cç][aã]o|queixa|den[uú]ncia|reclamar|denunciar)\b",
                r"\b(nenhuma|sem|nunca|n[aã]o recebi)…\bresposta…\b(pedido|solicita[cç][aã]o|m[eê]s|meses|semanas|e.?mail|prazo)\b",
            ),
            2.5: (r"\b(anpd|cnpd|procon|autoridade de controlo)\b",),
        },
    )
    + spoken(
        "pl",
        {4.0: (r"\b(skarg\w{1,2}|za[zż]aleni\w{1,2}|reklamacj\w{1,2})\b",)},
    )
)
#: what people say who know neither the law nor its words
EVERYDAY = (
    spoken(
        "en",
        {
            4.0: (
                r"\b(do not|don.?t|cannot|can.?t|refuse to) accept (your|the|this) (decision|refusal|answer|response|explanation)\b",
            ),
            3.5: (
                r"\b(i.?ve|i have|have|i|we) (now |already )?(written|wrote|asked|e.?mailed|told|requested|contacted|complained|chased)…\b(twice|(three|four|five|several|many|\d) times|repeatedly|again and again)\b",
                r"\bmy (\w{2,12} ){0,3}(number|address|name|data|details|e.?mail|information|recording|photo|chat|file)s? (was|were|has been|have been|is|are|got) (\w{2,10} ){0,2}(visible|shown|exposed|leaked|published|public|displayed|forwarded|revealed|sent to|readable)\b",
                r"\b(sent|gave|showed|got|received|see|saw)…\b(another|a different|some ?one else.?s?|somebody else.?s?|a stranger.?s?|other people.?s?|the wrong) (person|people|customer|user|man|woman)?.?s?( \w{2,10})? (data|records?|files?|information|details|recordings?)\b",
                r"\b(recorded|filmed|tracked|listened|shared|read|sold)\b…\b(nobody|no one|without|never|secretly)…\b(told|tell\w{0,3}|ask\w{0,3}|know\w{0,3}|consent\w{0,3}|permission|agreed|warn\w{0,3})\b",
                r"\b(one of )?your (\w{2,12} ){0,3}(people|staff|agents?|employees?|colleagues?|reps?|support|team)( \w{2,10}){0,3} (read|listened|looked|watched|joked|laughed|leaked|snooped|accessed)\b",
                r"\b(days|weeks|months) ago…\b(made|sent|submitted|requested|asked)\b…",
            ),
            2.5: (
                r"\b(not (a|one) (word|reply|answer|single|of you)|nobody (has )?(answered|replied|bothered)|no one (has )?(answered|replied)|nothing (was|has been|is) done|silence)\b",
            ),
            1.5: (
                r"\b(not ok|not acceptable|disgrace|scandal|harassment|what kind of outfit|shame on you|decency)\b",
                r"\b(want|demand|expect|owe me) an? (explanation|apology)\b|\blooked into\b",
                r"\b(have|i.?ve) (written|complained|reported)…\bto the\b",
            ),
            -4.0: (
                r"\b(call quality|ticket|disconnected|audio|freez\w{1,3}|crash\w{0,3}|paid service|lag\w{0,4}|refund|invoice|charged)\b",
                r"\b(failing which|should you (fail|not)|otherwise)…\b(reserve|right|complain\w{0,3})\b",
            ),
        },
    )
    + spoken(
        "de",
        {
            3.5: (
                r"\b(noch immer|immer noch|weiterhin)…\b(nicht (gel[oö]scht|beantwortet|erledigt)|keine (antwort|reaktion))\b",
            ),
            1.5: (
                r"\b(unversch[aä]mt\w{0,4}|skandal\w{0,3}|frechheit|letzte mahnung|inakzeptabel)\b",
            ),
        },
    )
    + spoken(
        "fr",
        {
            3.5: (r"\b(j.?attends|toujours (pas|aucune)|voil[aà])…\br[eé]ponse\b",),
            1.5: (r"\b(inadmissible|inacceptable|scandaleux|honteux)\b",),
        },
    )
    + spoken(
        "es",
        {3.5: (r"\b(nadie)…\b(responde|respond\w{1,3}|contest\w{1,3})\b",)},
    )
    + spoken(
        "it",
        {
            3.5: (r"\bnessuno (mi )?(ha )?(mai )?rispo\w{2,4}\b",),
            1.5: (r"\b(inaccettabile|vergogna|vergognoso)\b",),
        },
    )
    + spoken(
        "nl",
        {
            3.0: (r"\b(al|inmiddels) (drie|twee|vier|meerdere) keer\b",),
            1.5: (r"\b(onacceptabel|schandalig|belachelijk)\b",),
        },
    )
    + spoken(
        "pt",
        {
            3.5: (r"\bnunca (tive|recebi|obtive)…\bresposta\b",),
            1.5: (r"\b(vergonha|absurdo|inaceit[aá]vel|inadmiss[ií]vel)\b",),
        },
    )
    + spoken(
        "pl",
        {3.0: (r"\bbrak (jakiejkolwiek )?(odpowiedzi|reakcji)\b",)},
    )
)

ABOUT = Step(
    name="about",
    label="What it is about",
    action="about",
    button="About what?",
    intro="Of a breach the managers hear at once: its clock runs for 72 hours.",
    asks=(
        choice(
            "matter",
            "It is about",
            answer="Our answer to an earlier request",
            marketing="Marketing",
            breach="A breach, or what looks like one",
            staff="One of us",
            other="Something else",
        ),
        Field(
            name="since",
            label="A breach: since when are we aware of it?",
            optional=True,
            hint="As 2026-11-05 14:30; empty = from now on.",
            max_length=16,
        ),
        Field(
            name="case",
            label="Reference of the earlier case",
            optional=True,
            hint="Such as PR-2026-0042; whoever closed it does not decide on this one.",
            max_length=20,
        ),
        Field(
            name="earlier",
            label="It is about these too, closed before",
            type="choices",
            optional=True,
            hint="Found by the address, or named in the mail. Untick what it is not about.",
        ),
        text("not_about", "Why it is not about the others", optional=True),
        Field(
            name="whom",
            label="Whom it is about",
            type="person",
            optional=True,
            hint="They do not decide on it. To shut them out of the case: About one of us.",
        ),
    ),
)
#: DPA 2018 s.164A: within 30 days of receipt; we do it at once
ACKNOWLEDGED = Step(
    name="acknowledged",
    label="Acknowledge it",
    action="acknowledged",
    button="Acknowledged",
    receipt=True,
    intro="It went by itself, or: Reply, We received your message.",
)
FROZEN = Step(
    name="frozen",
    label="Freeze the earlier case",
    action="freeze",
    button="Freeze",
    intro="Nothing of this case, nor of the one it is about, is purged while the complaint lasts.",
    after=("about",),
    asks=(choice("hold", "Legal hold", on="On: nothing is deleted", off="Not needed"), NOTE),
)
FACTS = Step(
    name="facts",
    label="Find the facts",
    action="facts",
    button="Facts found",
    after=("about",),
    asks=(text("facts", "Where they stand", "The timeline is in the history"),),
)
PROGRESS = Step(
    name="progress",
    label="Tell them where it stands",
    action="progress",
    button="Progress told",
    intro="Where it takes longer than two weeks: Reply, We are still at work.",
    optional=True,
)
DECIDED = Step(
    name="decided",
    label="Decide",
    action="decide_complaint",
    button="Decide",
    after=("facts",),
    asks=(
        choice(
            "finding",
            "The complaint is",
            upheld="Upheld",
            partly_upheld="Upheld in part",
            not_upheld="Not upheld",
        ),
        text("remedy", "What we put right, by when"),
        text("lesson", "What we learn, and who", optional=True),
    ),
)
ANSWER = Step(name="answer", label="Answer", action="reply", after=("decided",))
REMEDY = Step(
    name="remedy",
    label="Follow the remedy to its end",
    action="remedy",
    button="Remedy done",
    after=("decided",),
    asks=(text("done", "What was done, when", 'Or "nothing was promised"'),),
)


class Complaint(Kind):
    """A grievance, an appeal against an answer of ours, or a threat that belongs to one."""

    name = "complaint"
    title = "Complaint"
    asks = "a grievance looked into"
    clues = ENGLISH + OTHERS + EVERYDAY
    steps = (
        CONFIRM,
        ABOUT,
        ACKNOWLEDGED,
        FROZEN,
        FACTS,
        PROGRESS,
        DECIDED,
        ANSWER,
        REMEDY,
        CLOSE,
    )
    letters = ("answer_complaint",)
    outcomes = (Outcome.UPHELD, Outcome.PARTLY_UPHELD, Outcome.NOT_UPHELD)
    second_by = frozenset({Role.MANAGER})
    two_persons = ("answer_complaint", "refusal", "refusal_neutral")
    refusals = ("unfounded", "excessive")


KIND = Complaint()

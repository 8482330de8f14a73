"""Somebody wants their data gone, or no longer used (GDPR Art. 17, 18, 21, 22; CCPA 1798.105)."""
# ruff: noqa: E501  a regular expression is not wrapped

from handlers.handler import CLOSE, CONFIRM, VERIFY, Depth, Field, Given, Kind, Step, spoken
from handlers.reasons import EXCEPTIONS, REASONS
from handlers.requests import replace
from handlers.rights import OF_DELETION
from handlers.steps import (
    ADDRESSES,
    ASK_OWNERS,
    COPIES,
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
            r"\b(my|our|his|her|their) (entire |whole |old |personal |customer |user |cafex |spaces |own )?(account|profile|data|information|info|details|records?|cv|history|recordings?)…\b(delet|eras|remov|wip|destroy|purg)ed\b",
            r"\bget rid of (all |everything )?…\b(my|our|me|us)\b",
            r"\bright (to|of) (be forgotten|erasure|deletion|delete|restriction|object)\b",
            (
                r"\b(delet(e|ed|ing|ion)|eras(e|ed|ing|ure)|remov(e|ed|ing|al)|wip(e|ed|ing)|destr(oy|oyed|uction)|purg(e|ed|ing)|scrub|forget)"
                r"( of)?…\b(my|our|his|her|their|this|the) (entire |whole |old |personal |customer |user |cafex |spaces |own )?"
                r"(and all )?(account|profile|data|information|info|details|records?|cv|r[eé]sum[eé]|history|recordings?|personal data|application|entry)\b"
            ),
            (
                r"\b(delete|erase|remove|wipe|destroy|purge|get rid of|forget)…\b(everything|anything|all( data| information| traces?)?|any (data|information|records?))…"
                r"\b(about|on|of|concerning|relating to|related to|from|you (have|hold|keep))( me| us)?\b"
            ),
            r"\b(close|terminate|cancel|deactivate|shut down|end|kill) (down )?my (\w{1,12} ){0,2}account…\b(delete|erase|remove|data|everything|information)\b",
            r"\b(forget|erase|delete|remove) me\b(?! from (the |your |this |all )?(mailing|newsletter|marketing|e.?mail|distribution|list))",
        ),
        3.0: (
            r"\bdelet(e|ion) request\b|\berasure request\b|\brequest (for|to) (the )?(deletion|erasure|delete|erase)\b",
            r"\b(withdraw|revoke|rescind|retract)(ing|al of)?…\b(my |our )?consent\b",
            r"\b(object|objection) to (the |any |all |your |further )?(processing|use|profiling)\b",
            r"\b(restrict|restriction of|stop|cease|freeze|suspend|no longer|don.?t)…\b(processing|using|use|process)…\b(my|our) (personal )?(data|information|details)\b",
            r"\b(article|art|section|sec) (17|18|21|22|1798 105)\b",
        ),
        1.5: (
            r"\b(close|terminate|cancel|deactivate|delete) my (\w{1,12} ){0,2}account\b",
            r"\b(take|taken) down…\b(recording|video|photo|picture|image|my)\b",
        ),
        -2.5: (
            r"\b(remove|delete|take) (me|my (e.?mail|address|name|e.?mail address)) (from|off) (the |your |this |all |any )?(\w{1,12} )?(mailing|newsletter|marketing|e.?mail|distribution|contact)?( )?lists?\b",
            r"\b(delete|remove|clear) (a |an |the |this |old |some |unused )?(space|room|seat|seats|licen[cs]e|licen[cs]es|channel|message|meeting|folder|file|user|users|member|guest|cache|cookies|app)\b(?!…\bmy (personal )?data\b)",
            r"\bhow (would|does|do|is|are)…\b(deletion|deleted|erasure|delete)\b",
            r"\b(accidentally|by mistake|mistakenly|unable|can.?t|cannot|error)…\b(delete|deleted|removed)\b",
            r"\b(restore|recover|undelete|get back)\b",
        ),
    },
)
GERMAN = spoken(
    "de",
    {
        4.0: (
            r"\b(l[oö]schung|l[oö]schen|l[oö]scht|entfernen|entfernung|vernichtung|vernichten)…\b(meine[rsn]?|aller|alle|s[aä]mtliche[rn]?|dieser?|der|mein)…\b(daten|konto|kontos|account|accounts|profil|profils|informationen|aufzeichnung|bewerbung)\b",
            r"\b(meine|alle|s[aä]mtliche|mein)…\b(daten|konto|account|profil|informationen|bewerbung|aufnahme)…\b(l[oö]schen|gel[oö]scht|entfernen|entfernt|vernichten)\b",
        ),
        3.0: (
            r"\b(einwilligung|zustimmung)…\b(widerruf\w{0,3}|zur[uü]ck\w{0,8})\b|\bwiderruf\w{0,3}…\b(einwilligung|zustimmung)\b",
            r"\b(art\w{0,5}|§) (17|18|21|22) (abs\w{0,5} \d )?(ds.?gvo|gdpr)\b",
            r"\b(widersprech\w{1,3}|widerspruch)…\b(verarbeitung|nutzung|profiling)\b",
        ),
        -2.0: (r"\b(versehentlich|aus versehen)…\bgel[oö]scht\b",),
    },
)
FRENCH = spoken(
    "fr",
    {
        4.0: (
            r"\b(droit (à|a) l.?(effacement|oubli)|droit d.?opposition|demande (d.?effacement|de suppression))\b",
            r"\b(supprim\w{1,5}|suppression|effac\w{1,6}|d[eé]tru\w{1,6})…\b(mes|mon|ma|toutes?|l.?ensemble|ces)…\b(donn[eé]es|compte|profil|informations|candidature|cv|enregistrement)\b",
            r"\b(mes|mon|toutes?)…\b(donn[eé]es|compte|profil|informations)…\b(supprim[eé]\w{0,2}|effac[eé]\w{0,2}|d[eé]truit\w{0,2})\b",
        ),
        3.0: (
            r"\b(retir\w{1,4}|r[eé]voqu\w{1,3})…\bconsentement\b",
            r"\barticles? (17|18|21|22)\b",
            r"\b(oppose|opposition|limitation)…\b(traitement|profilage)\b",
            r"\bcl[oô]tur\w{1,4}…\bcompte\b",
        ),
        -2.0: (r"\b(supprim\w{1,3}|par erreur)…\b(message|salle|espace|licence)\b",),
    },
)
SPANISH = spoken(
    "es",
    {
        4.0: (
            r"\b(derecho (de|al?) (supresi[oó]n|olvido|oposici[oó]n|cancelaci[oó]n|limitaci[oó]n)|solicitud de (supresi[oó]n|eliminaci[oó]n|borrado))\b",
            r"\b(elimin\w{1,6}|borr\w{1,5}|suprim\w{1,5}|supresi[oó]n|eliminaci[oó]n|destru\w{1,5}|cancel\w{1,5})…\b(mis?|todos?|todas?|toda|los|la)…\b(datos|cuenta|perfil|informaci[oó]n|curr[ií]culum|grabaci[oó]n)\b",
        )
    },
)
ITALIAN = spoken(
    "it",
    {
        4.0: (
            r"\b(diritto (all.?oblio|alla cancellazione|di opposizione)|richiesta di cancellazione)\b",
            r"\b(cancell\w{1,7}|elimin\w{1,7}|rimuov\w{1,5}|rimozione|distru\w{1,6})…\b(mie[io]|mio|tutti|tutte|ogni|il|la)…\b(dati|account|profilo|informazioni|registrazione|curriculum)\b",
        ),
        3.0: (
            r"\b(revoc\w{1,4}|ritir\w{1,4})…\bconsenso\b",
            r"\bart\w{0,5} (17|18|21|22)\b",
            r"\b(mi oppongo|opposizione|limitazione)…\btrattamento\b",
        ),
    },
)
DUTCH = spoken(
    "nl",
    {
        4.0: (
            r"\b(verwijder\w{0,4}|wis(sen|t)?|verwijdering|vernietig\w{0,4})…\b(mijn|al|alle|deze)…\b((persoons)?gegevens|account|profiel|data|informatie|opname|sollicitatie)\b",
            r"\b(mijn|al|alle)…\b((persoons)?gegevens|account|profiel|data)…\b(te )?(verwijder\w{1,3}|wissen|gewist|vernietigd|vernietigen)\b",
        ),
        3.0: (
            r"\bart\w{0,5} (17|18|21|22)\b…\b(avg|gdpr)\b",
            r"\bbezwaar…\bverwerking\b",
        ),
    },
)
PORTUGUESE = spoken(
    "pt",
    {
        4.0: (
            r"\b(exclu\w{1,5}|exclus[aã]o|apag\w{1,6}|elimin\w{1,7}|delet\w{1,4}|remov\w{1,4}|remo[cç][aã]o)…\b(meus?|minha|todos?|todas?|os|a)…\b(dados|conta|perfil|informa[cç][oõ]es|curr[ií]culo|grava[cç][aã]o)\b",
            r"\b(meus|minha|todos)…\b(dados|conta|perfil)…\b(exclu[ií]d\w{1,2}|apagad\w{1,2}|eliminad\w{1,2}|removid\w{1,2})\b",
        ),
        3.0: (
            r"\b(retir\w{1,3}|revog\w{1,4})…\bconsentimento\b",
            r"\bart\w{0,5} (17|18|21|22)\b",
        ),
    },
)
POLISH = spoken(
    "pl",
    {
        4.0: (
            r"\b(usun[aą]\w{0,2}|usuni[eę]ci[aeu]|skasowa\w{1,3}|wykasowa\w{1,3}|usu[nń]cie|zniszcz\w{1,5})…\b(moje|moich|mojego|wszystkie|wszystkich|wszelkich)…\b(dan\w{1,3}|kont\w{1,2}|profil\w{0,2}|informacj\w{1,2}|nagra[nń]\w{0,2})\b",
        ),
        3.0: (
            r"\b(wycof\w{1,5}|cofa\w{1,2}|odwo[lł]\w{1,4})…\bzgod\w{1,2}\b",
            r"\bart\w{0,5} (17|18|21|22)\b",
            r"\bsprzeciw\w{0,3}…\bprzetwarzani\w{1,2}\b",
        ),
    },
)
#: what people say who know neither the law nor its words
EVERYDAY = (
    spoken(
        "en",
        {
            4.0: (
                r"\b(del\w{2,6}|remov(e|al of)|eras(e|ure of)|wipe|destroy) (of )?(my|this|his|her|our|that) (\w{1,12} ){0,2}acc?ou?nt\b",
                r"\b(forget|remove|erase|delete|drop|strike|wipe) me (completely |entirely |altogether |permanently )?(from|in|out of) (your|the|all|any)…\b(systems?|database|records|files|servers?|crm|books)\b",
                r"\b(delete|erase|remove|destroy|wipe|purge)…\bmy (\w{2,12} ){0,3}(recordings?|chats?|messages|photos?|pictures?|files|posts?|comments?)\b",
            ),
            3.5: (
                r"\b(delete|erase|wipe|destroy|purge|remove|scrub|shred|expunge|bin)( of)? (the lot|everything|all of (it|this|that|them)|it all|me|mine|every (\w{2,8} ){0,2}(bit|trace|piece|thing))\b(?! from (the |your |this |all )?(\w{2,12} )?(mailing|newsletter|marketing|e.?mail|distribution|lists?))",
                r"\bmake (sure|certain)…\b(nothing|none|no \w{2,10})…\b(mine|me|my|left|remains?|stays?)\b",
                r"\b(delete|erase|destroy|return)…\b(our|the|all)…\b(staff|employees?|users?|team).{0,2}…\b(personal data|data|information|records|accounts)\b",
                r"\b(footage|recording|video|photo|picture|image|clip)s? (of|with|showing|featuring) (me|myself|my \w{2,10})…\b(taken|removed?|delet\w{1,3}|eras\w{1,3}|gone|destroyed|down|out)\b",
                r"\b(go ahead|yes please|please do|proceed|agreed)\b(?! not)…\b(erase|delete|erasure|deletion|wipe)\b",
            ),
            3.0: (
                r"\b(everything|all|lot|every (\w{2,8} )?(bit|thing|trace|piece)|stuff|things)( \w{1,10}){0,6} (gone|deleted|erased|wiped|destroyed|purged)\b",
                r"\b(want|like|rather|wish|need|please)…\b(be gone|vanish|disappear|be forgotten|not leave|no traces?|never existed|go away)\b",
                r"\b(don.?t|do not|no longer|never|no reason to|no right to) (want|wish|like|need|have|consent)?…\b(hold|holding|keep|keeping|having|store|storing|retain|retaining)…\b(on to|my|it|any|me|data)\b",
                r"\b(take|taken|taking) (the |my |his |her |that |this )?(account|profile|photo|picture|video|recording|footage|image|post|it) (down|off|out)\b",
                r"\b(strike|remove|delete|scrub)…\b(my|me|this)…\b(from|out of|off)…\b(crm|database|systems?|records|files|servers?)\b",
                r"\bconsent…\bwithdrawn\b",
                r"\b(close|cancel|kill|shut|terminate|deactivate) (down )?(my|this|his|her|that) (\w{1,12} ){0,2}account\b",
            ),
            2.5: (
                r"\b(delete|erase|wipe|destroy|purge) (it|them)\b",
                r"\b(its|their|full|complete|immediate|subsequent|my) (erasure|deletion)\b",
            ),
            -2.5: (
                r"\bobject\w{0,4}…\b(direct )?marketing\b",
                r"\b(restore|recover)…\b(it|file|message|recording)\b",
                r"\byour (account|data|mailbox) will be (deleted|closed|removed|suspended)\b",
            ),
        },
    )
    + spoken(
        "de",
        {
            3.5: (
                r"\b(l[oö]schen|entfernen|vernichten|l[oö]scht) sie (es|das|sie|ihn|diese\w{0,1}|alles|bitte|endlich|mein\w{0,2})\b",
                r"\b(konto|account|profil|alles|daten)…\b(rausnehmen|l[oö]schen|entfernen|weg|aufl[oö]sen|vernichten)\b",
            ),
            3.0: (
                r"\b(behalten|speichern|bewahren) sie (nichts|keine)\b",
                r"\b(deren|ihre|die|um|und|anschlie[sß]+ende) l[oö]schung\b",
            ),
            -3.0: (r"\b(raum|r[aä]ume|nachricht|kanal|datei)…\bl[oö]schen\b",),
        },
    )
    + spoken(
        "fr",
        {
            3.5: (
                r"\b(le|la|les|tout) (supprimer|effacer|d[eé]truire|retirer)\b",
                r"\b(supprim\w{1,4}|effac\w{1,4}|ferm\w{1,4})…\b(compte|profil|tout|informations|donn[eé]es)\b",
                r"\b(rien|aucune trace)…\b(de moi|sur moi|me concern\w{2,4})\b",
                r"\bne (veux )?plus (exister|figurer|appara[iî]tre)\b",
            )
        },
    )
    + spoken(
        "es",
        {
            3.5: (
                r"\b(borr(en|ar|ad)|elimin(en|ar|ad)|suprim(an|ir)|cierr(en|e)|quit(en|ar))(lo|la|los|las)?\b…\b(todo|cuenta|datos|lo que)\b",
            )
        },
    )
    + spoken(
        "it",
        {
            3.5: (
                r"\b(cancell\w{1,5}|elimin\w{1,5}|rimuov\w{1,5})…\b(tutto|account|profilo|quello che mi riguarda)\b",
                r"\b(eliminarl|cancellarl|rimuoverl)\w\b",
                r"\bnon (conserviate|conservare|tenere|teniate)…\b(nulla|niente|dati)\b",
            )
        },
    )
    + spoken(
        "nl",
        {
            3.5: (
                r"\b(account|profiel|gegevens|alles)…\b(weghalen|weggehaald|verwijder\w{0,3}|wissen|gewist|opheffen|opzeggen|sluiten)\b",
            )
        },
    )
    + spoken(
        "pt",
        {
            3.5: (
                r"\b(apag|elimin|exclu|delet|remov|encerr)\w{1,5}…\b(conta|tudo|dados|perfil)\b",
                r"\b(a|o|as|os|que) (eliminem|apaguem|excluam|removam)\b",
            )
        },
    )
    + spoken(
        "pl",
        {
            3.5: (
                r"\b(skas\w{2,7}|usun\w{1,4}|usu[nń]\w{0,4}|wykas\w{2,6}|zlikwid\w{3,6}|zamkn\w{2,5})…\b(kont\w{1,2}|dan\w{1,3}|wszystk\w{1,3}|profil\w{0,2}|ich|je|go)\b",
            )
        },
    )
)

#: many who write "delete me" want the account kept, or no more marketing
WHAT = Step(
    name="what",
    label="What is to end",
    action="what",
    button="What is asked?",
    intro="If it is unclear, ask: Reply, Please tell us more.",
    theirs=True,
    asks=(
        Field(
            name="right",
            label="What they want",
            type="choice",
            options=(
                ("GDPR 17", "Everything deleted, the account too"),
                ("GDPR 17 in part", "Some data deleted, the account stays"),
                ("GDPR 18", "Kept but not used (restriction)"),
                ("GDPR 21", "A use stopped (objection, consent withdrawn)"),
                ("GDPR 22", "A person instead of a machine decides"),
            ),
        ),
        NOTE,
    ),
)
ERASE = (Given(step="what", field="right", values=("GDPR 17", "GDPR 17 in part")),)
LIMIT = (Given(step="what", field="right", values=("GDPR 18", "GDPR 21", "GDPR 22"), open=False),)
HELD = replace(HOLD_CHECK, given=ERASE)
#: GDPR Art. 17(3), and what the privacy policy names
KEPT = Step(
    name="kept",
    label="What must stay",
    action="kept",
    button="What must stay",
    after=("heard",),
    given=ERASE,
    asks=(
        Field(
            name="exceptions",
            label="Exceptions",
            type="choices",
            optional=True,
            hint="Nothing ticked: everything goes.",
            options=tuple((name, REASONS[name].label) for name in EXCEPTIONS),
        ),
        text("note", "Which data, and until when", optional=True),
    ),
)
#: the privacy policy: "your Service account information may also be removed"
CONSEQUENCES = Step(
    name="consequences",
    label="They know what goes with it",
    action="consequences",
    button="Consequences known",
    intro="To tell them: Reply, Before we delete.",
    given=ERASE,
    asks=(
        choice(
            "known",
            "The account, its spaces and what is paid may go",
            confirmed="They were told and want it",
            nothing="Nothing but data goes",
        ),
    ),
)
#: before the data go: an address that is forgotten can be mailed again
SUPPRESSED = Step(
    name="suppressed",
    label="Keep the address from marketing",
    action="suppress",
    button="Suppress address",
    given=ERASE,
    suppress=True,
)
WHOSE_ADDRESS = replace(ADDRESSES, given=ERASE)
LIMITED = replace(RESTRICT, name="limited", action="limit", optional=False, given=LIMIT)
GOING = replace(
    ERASING, after=(*ERASING.after, "kept", "consequences", "suppressed", "addresses"), given=ERASE
)
GONE = replace(ERASED, given=ERASE)
SPOT_CHECK = Step(
    name="spot_check",
    label="See in two systems that it is gone",
    action="spot_check",
    button="Spot check",
    after=("erased",),
    given=ERASE,
    asks=(
        Field(
            name="systems",
            label="In which two systems",
            type="choices",
            offers="systems",
            least=2,
        ),
    ),
)
BACKUPS = Step(
    name="backups",
    label="Note when backups are overwritten",
    action="backups",
    button="Backups roll off",
    after=("erased",),
    given=ERASE,
    asks=(
        text("when", "On which date the last copy is gone"),
        choice(
            "watch",
            "If the address turns up again, say that it was erased",
            off="No",
            on="Yes, for as long as this case's words are kept",
        ),
    ),
)
ANSWER = Step(name="answer", label="Answer", action="reply", after=("erased", "limited"))


class Deletion(Kind):
    """The account and all data or part of it; restriction, objection, withdrawn consent."""

    name = "deletion"
    title = "Deletion request"
    asks = "to have their data deleted"
    depth = Depth.ADDRESS
    clues = ENGLISH + GERMAN + FRENCH + SPANISH + ITALIAN + DUTCH + PORTUGUESE + POLISH + EVERYDAY
    rights = OF_DELETION
    steps = (
        CONFIRM,
        WHAT,
        WHOSE,
        PASSED_ON,
        VERIFY,
        HELD,
        ASK_OWNERS,
        HEARD,
        KEPT,
        CONSEQUENCES,
        SUPPRESSED,
        WHOSE_ADDRESS,
        RESTRICT,
        LIMITED,
        GOING,
        GONE,
        SPOT_CHECK,
        RECIPIENTS,
        BACKUPS,
        ANSWER,
        COPIES,
        CLOSE,
    )
    letters = ("answer_deletion", "consequences", "answer_restriction", "partial", "no_data")
    outcomes = (Outcome.FULFILLED, Outcome.PARTLY_FULFILLED)
    two_persons = ("erasing", "erased")
    refusals = (
        "unfounded",
        "excessive",
        "tax_records",
        "legal_obligation",
        "legal_claims",
        "breaks_law",
        "makes_wrong",
        "backups",
        "no_match",
    )


KIND = Deletion()

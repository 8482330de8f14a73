"""Somebody asks about privacy without claiming a right of their own."""
# ruff: noqa: E501  a regular expression is not wrapped

from handlers.handler import ANSWER, CLOSE, CONFIRM, Kind, spoken

ENGLISH = spoken(
    "en",
    {
        4.0: (
            r"\b(data processing (agreement|addendum)|\bdpa\b(?! 2018)|sub.?processors?|standard contractual clauses|\bsccs?\b)",
            r"\b(security|vendor|privacy|compliance|due diligence|supplier) (questionnaire|assessment|review)\b",
            r"\b(who|name|contact|details|reach) (is |of |are )?(the |your )?(\w{1,12} )?(data protection officer|dpo|privacy officer|compliance officer)\b",
            r"\bhow (would|does|do|long|is|are|can)…\b(delet\w{1,4}|eras\w{1,4}|retention|retain\w{0,3}|store\w{0,2}|encrypt\w{0,3}|process\w{0,3}|keep|handled?|protect\w{0,3}|request\w{0,2})…\b(data|information|request|recordings?|policy|privacy|you)\b",
        ),
        3.0: (
            r"\b(do|does|are|is|can|could|may|where|which|what) (you|cafex|spaces|your company|we|our|the|pupils|students|schools?)…\b(gdpr|ccpa|hipaa|coppa|iso 27001|soc ?2|privacy shield|data privacy framework|compliant|certified|certification|cookies?|encrypt\w{0,3}|data cent(er|re)s?|hosted|transfer\w{0,3}|retention|privacy policy|police|minimum age)\b",
            r"\b(question|questions|query|enquiry|inquiry|clarif\w{1,7}|wondering|curious|wonder)…\b(about|regarding|on|concerning|whether|if|how|your)…\b(privacy|data protection|policy|cookies?|gdpr|retention|personal data|security|data)\b",
            r"\b(may|can|could|are|is) (our |my |the )?(pupils|students|children|schools?|minors|kids)…\b(use|allowed|permitted|join)\b",
            r"\b(privacy policy|privacy notice|cookie policy|retention (policy|period|schedule))…\b(mean|means|say|says|state|states|explain|unclear|understand|version|link|copy|where|last)\b",
            r"\b(research|study|survey|thesis|dissertation|academic|university|journalist|press|reporter)…\b(privacy|data|gdpr|ccpa|request|requests|procedures?|policy|companies)\b",
        ),
        1.5: (
            r"\b(privacy|data protection|gdpr|ccpa|personal data|cookies?)\b…\?",
            r"\bprivacy policy\b",
        ),
        -2.0: (
            r"\b(about|on) me\b",
            r"\bmy (personal )?(data|information|account|recordings?)\b",
            r"\b(delete|erase|remove|correct|unsubscribe|stop)…\b(my|me)\b",
        ),
    },
)
OTHERS = (
    spoken(
        "de",
        {
            4.0: (
                r"\b(auftragsverarbeitung\w{0,10}|\bavv?\b.?vertrag|avv\b|unterauftragsverarbeiter\w{0,2}|standardvertragsklauseln)\b",
                r"\b(wer ist|name|kontakt\w{0,5})…\bdatenschutzbeauftragte\w{0,2}\b",
                r"\b(fragebogen|sicherheitsfragebogen|lieferantenbewertung)\b",
            ),
            2.5: (
                r"\b(frage|fragen|wissen|erkl[aä]r\w{1,3}|w[uü]sste)…\b(datenschutz\w{0,10}|cookies?|speicherdauer|aufbewahrung\w{0,6}|ds.?gvo|serverstandort|verschl[uü]ssel\w{1,4})\b",
            ),
            -2.0: (r"\b([uü]ber mich|meine daten|mein konto)\b",),
        },
    )
    + spoken(
        "fr",
        {
            4.0: (
                r"\b(sous.?traitants?( ult[eé]rieurs?)?|accord (sur le|de) traitement|clauses contractuelles types)\b",
                r"\b(qui est|coordonn[eé]es|contact)…\b(dpo|d[eé]l[eé]gu[eé] (à|a) la protection)\b",
                r"\bquestionnaire\b",
            ),
            -2.0: (r"\b(mes donn[eé]es|sur moi|mon compte)\b",),
        },
    )
    + spoken(
        "es",
        {
            4.0: (
                r"\b(subencargados?|encargado del tratamiento|contrato de (encargo|tratamiento)|cl[aá]usulas contractuales tipo)\b",
                r"\b(qui[eé]n es|contacto|datos)…\b(dpo|delegad[oa] de protecci[oó]n)\b",
                r"\bcuestionario\b",
            ),
            -2.0: (r"\b(mis datos|sobre m[ií]|mi cuenta)\b",),
        },
    )
    + spoken(
        "it",
        {
            4.0: (
                r"\b(sub.?responsabili|responsabile del trattamento|accordo (sul|di) trattamento|clausole contrattuali)\b",
                r"\b(chi [eè]|contatt\w)…\b(dpo|responsabile della protezione)\b",
                r"\bquestionario\b",
            ),
            -2.0: (r"\b(miei dati|su di me|mio account)\b",),
        },
    )
    + spoken(
        "nl",
        {
            4.0: (
                r"\b(verwerkersovereenkomst|subverwerkers?|modelcontractbepalingen)\b",
                r"\b(wie is|contact\w{0,8})…\b(functionaris|fg|dpo)\b",
                r"\bvragenlijst\b",
            ),
            -2.0: (r"\b(mijn gegevens|over mij|mijn account)\b",),
        },
    )
    + spoken(
        "pt",
        {
            4.0: (
                r"\b(suboperador\w{0,2}|subcontratante\w{0,1}|acordo de (tratamento|processamento)|cl[aá]usulas contratuais)\b",
                r"\b(quem [eé]|contato|contacto)…\b(dpo|encarregado)\b",
                r"\bquestion[aá]rio\b",
            ),
            -2.0: (r"\b(meus dados|sobre mim|minha conta)\b",),
        },
    )
    + spoken(
        "pl",
        {
            4.0: (
                r"\b(umow\w{1,2} powierzenia|podprocesor\w{1,3}|podmiot\w{0,2} przetwarzaj\w{1,5}|standardowe klauzule)\b",
                r"\b(kwestionariusz|ankiet\w)\b",
            ),
            -2.0: (r"\b(moje dane|o mnie|moje konto)\b",),
        },
    )
)
#: what people say who know neither the law nor its words
EVERYDAY = (
    spoken(
        "en",
        {
            5.0: (
                r"\b(who.?s|who is|who are) (your|the|in charge|responsible)…\b(dpo|data protection|privacy|officer)\b",
                r"\b(where|which countr\w{1,3}|what countr\w{1,3})…\b(servers?|hosted|hosting|data cent\w{1,4}|located|your customers.? data)\b",
            ),
            3.0: (
                r"\b(do|does|will|can|is|are) (you|cafex|spaces|your \w{2,10}|what)…\b(train\w{0,3}|machine learning|\bai\b|artificial intelligence|sell data|outside the (eu|uk|eea)|analytics|track\w{0,3})\b…\?",
                r"\b(what|which|how)…\bcookies?\b|\bcookies?\b…\bhow long\b",
                r"\bhow (long|many)…\b(backups?|requests?|logs?|recordings?|call logs)\b",
                r"\b(reporter|journalist|newspaper|gazette|magazine)\b…\b(story|piece|article|working|writing)\b",
                r"\b(thesis|dissertation|academic study|research project)\b",
            ),
            1.5: (r"\b(privacy shield|data privacy framework|certification)\b",),
        },
    )
    + spoken(
        "de",
        {
            4.0: (
                r"\b(d[uü]rfen|k[oö]nnen) (unsere|die|meine|wir) (\w{1,12} )?(sch[uü]ler\w{0,4}|kinder)…\b(nutzen|benutzen|verwenden)\b",
            ),
            3.0: (r"\b(ab welchem alter|mindestalter)\b",),
        },
    )
    + spoken(
        "fr",
        {3.5: (r"\bo[uù] (sont|se trouvent)…\b(serveurs|h[eé]berg\w{2,4}|donn[eé]es de vos)\b",)},
    )
    + spoken(
        "it",
        {
            3.5: (
                r"\bper quanto tempo (conserv\w{2,4}|tene\w{1,3})\b",
                r"\binformativa\b…\?",
            )
        },
    )
    + spoken(
        "pt",
        {3.5: (r"\bonde (ficam|est[aã]o)…\bservidores\b",)},
    )
)


class Question(Kind):
    """About the policy, processors, cookies, the officer: no data of their own."""

    name = "question"
    title = "Question"
    asks = "an answer about privacy"
    clues = ENGLISH + OTHERS + EVERYDAY
    steps = (CONFIRM, ANSWER, CLOSE)
    letters = ("answer_question",)
    unanswered = ("no_answer_needed",)


KIND = Question()

"""Which right is claimed, where a kind is coarser than the law: clues of each, in eight languages.

A right is proposed with the words that speak for it, and a person confirms it. Written as the clues
of `handlers/kinds/`.
"""
# ruff: noqa: E501  a regular expression is not wrapped

from collections.abc import Mapping
from types import MappingProxyType

from handlers.handler import Clue, spoken

_SURE, _LIKELY, _PERHAPS = 4.0, 3.0, 2.0

#: GDPR Art. 20: to take one's data elsewhere
PORTABILITY = (
    *spoken(
        "",
        {
            _SURE: (r"\b(gdpr|dsgvo|ds.?gvo|rgpd|avg|rodo)…\bart\w{0,5} 20\b", r"\bart\w{0,6} 20\b"),
            _PERHAPS: (r"\b(json|csv|vcard|xml|ics)\b",),
        },
    ),
    *spoken(
        "en",
        {
            _SURE: (r"\b(data )?portab\w{1,5}\b",),
            _LIKELY: (
                r"\b(move|mov|switch|chang|transfer|migrat|leav|go)\w{0,4}…\b(to|for) (an?other|a new|a different|some other) (provider|platform|tool|service|supplier|system|company)\b",
                r"\b(take|bring)…\b(my|our) (\w{1,12} ){0,2}(data|things|chats?|contacts?|messages|recordings|stuff|files|everything)…\b(with (me|us)|elsewhere|over)\b",
                r"\b(import|use|load) (it|them|that|these) (in|into|at|on|elsewhere|somewhere)\b",
            ),
            _PERHAPS: (
                r"\bmachine readable\b",
                r"\b(structured|open|commonly used|reusable)…\b(format|form)\b",
            ),
        },
    ),
    *spoken(
        "de",
        {
            _SURE: (r"\b(daten)?[uü]bertragbarkeit\b|\bportabilit\w{1,4}\b",),
            _LIKELY: (r"\b(wechs\w{1,6}|umzieh\w{0,3}|mitnehm\w{0,3})…\b(anbieter|dienst|tool|plattform|daten)\b",),
            _PERHAPS: (r"\bmaschinenlesbar\w{0,3}\b|\bstrukturierte\w{0,2}…\bformat\b",),
        },
    ),
    *spoken(
        "fr",
        {
            _SURE: (r"\bportabilit[eé]\b",),
            _LIKELY: (r"\b(change|changer|migre\w{0,2}|partir)…\b(outil|fournisseur|plateforme|prestataire)\b|\br[eé]importer\b",),
            _PERHAPS: (r"\blisible\w{0,1} par\b…\bmachine\b|\bformat structur[eé]\b",),
        },
    ),
    *spoken(
        "es",
        {
            _SURE: (r"\bportabilidad\b",),
            _LIKELY: (r"\b(cambi\w{1,4}|traslad\w{1,4}|llev\w{1,5})…\b(proveedor|plataforma|herramienta|conmigo)\b",),
            _PERHAPS: (r"\blectura mec[aá]nica\b|\bformato estructurado\b",),
        },
    ),
    *spoken(
        "it",
        {
            _SURE: (r"\bportabilit[aà]\b",),
            _LIKELY: (r"\b(cambi\w{1,4}|pass\w{1,4}|trasfer\w{1,6})…\b(fornitore|piattaforma|servizio|altro gestore)\b",),
            _PERHAPS: (r"\bleggibil\w da\b…\b(dispositivo|macchina)\b|\bformato strutturato\b",),
        },
    ),
    *spoken(
        "nl",
        {
            _SURE: (r"\b(data ?portabiliteit|overdraagbaarheid)\b",),
            _LIKELY: (r"\b(overstap\w{0,4}|meenemen|stap\w{0,2} over)…\b(aanbieder|dienst|tool|platform|gegevens)\b",),
            _PERHAPS: (r"\bmachine.?leesba\w{1,4}\b|\bgestructureerd\w{0,1}…\b(formaat|vorm)\b",),
        },
    ),
    *spoken(
        "pt",
        {
            _SURE: (r"\bportabilidade\b",),
            _LIKELY: (r"\b(mud\w{1,4}|troc\w{1,4}|lev\w{1,4})…\b(fornecedor|plataforma|ferramenta|comigo)\b",),
            _PERHAPS: (r"\bleitura autom[aá]tica\b|\bformato estruturado\b",),
        },
    ),
    *spoken(
        "pl",
        {
            _SURE: (r"\b(przenoszeni\w{1,3}|przeniesieni\w{1,3}) danych\b",),
            _LIKELY: (r"\b(zmieni\w{1,4}|przenie\w{1,4}|przenosz\w{1,3})…\b(dostawc\w{1,3}|platform\w{1,3}|us[lł]ug\w{1,3})\b",),
            _PERHAPS: (r"\bmaszynow\w{1,4}\b|\bustrukturyzowan\w{1,4}\b",),
        },
    ),
)  # fmt: skip

#: GDPR Art. 17, the kind's own: the others must say more than that
ERASURE = (
    *spoken("", {_LIKELY: (r"\bart\w{0,6} 17\b",)}),
    *spoken("en", {_LIKELY: (r"\b(delet|eras|remov|wip|destroy|purg|scrub)(e|es|ed|ing|ion|ure|al|s)?\b", r"\b(gone|taken out|get rid|disappear|nothing (is |be )?(left|kept))\b")}),
    *spoken("de", {_LIKELY: (r"\b(ge)?l[oö]e?sch\w{0,4}\b|\bentfern\w{0,4}\b|\bvernicht\w{0,4}\b",)}),
    *spoken("fr", {_LIKELY: (r"\b(supprim|effac|d[eé]trui)\w{1,6}\b|\bsuppression\b",)}),
    *spoken("es", {_LIKELY: (r"\b(elimin|borr|suprim)\w{1,6}\b|\bsupresi[oó]n\b",)}),
    *spoken("it", {_LIKELY: (r"\b(cancell|elimin|rimuov)\w{1,7}\b|\brimozione\b",)}),
    *spoken("nl", {_LIKELY: (r"\b(verwijder|vernietig)\w{0,4}\b|\b(ge)?wis(sen|sing|t)?\b",)}),
    *spoken("pt", {_LIKELY: (r"\b(apag|elimin|exclu)\w{1,6}\b",)}),
    *spoken("pl", {_LIKELY: (r"\b(usu[nń]|skasow|wymaz)\w{0,6}\b",)}),
)  # fmt: skip

#: GDPR Art. 18: kept, and not used
RESTRICTION = (
    *spoken("", {_SURE: (r"\bart\w{0,6} 18\b",)}),
    *spoken(
        "en",
        {
            _SURE: (r"\brestrict(ion|ed|ing)?\b…\b(process\w{1,4}|data|use|information|erase|not erasure|18)\b",),
            _LIKELY: (
                r"\b(freez(e|es|ing)|frozen|on ice|quarantine)\b",
                r"\b(keep|leave|hold)\w{0,3}…\b(as it is|where it is|but)…\b(not|don.?t|none|no ?one|nobody|without) …\b(us\w{1,3}|look|touch|show|shar)\w{0,3}\b",
                r"\b(not|none|no ?one|nobody|don.?t)…\b(us(e|ed|ing)|touch(ed)?|shown?|look(ed)? at|process(ed)?)…\b(until|pending|while|whilst|as long as)\b",
                r"\b(until|pending|while|whilst|as long as)…\b(not|none|no ?one|nobody|don.?t)…\b(us(e|ed|ing)|touch(ed)?|shown?|process(ed)?)\b",
            ),
        },
    ),
    *spoken("de", {_SURE: (r"\b(ein)?schr[aä]nk\w{1,4}…\bverarbeitung\b|\bverarbeitung…\beinschr[aä]nk\w{1,4}\b",), _LIKELY: (r"\b(sperr\w{1,4}|einfrieren|eingefroren)\b", r"\bbis\b…\b(gekl[aä]rt|entschieden)\b…\b(nicht|weder|nur)\b")}),
    *spoken("fr", {_SURE: (r"\blimitation\b…\btraitement\b|\blimiter le traitement\b",), _LIKELY: (r"\b(geler|gel[eé]\w{0,2}|frigo)\b", r"\b(tant que|jusqu)…\b(ne|ni) …\b(utilis|touch|transmet)\w{0,4}\b")}),
    *spoken("es", {_SURE: (r"\blimitaci[oó]n\b|\blimit(ar|en) el tratamiento\b",), _LIKELY: (r"\b(congel|bloque)\w{1,4}\b", r"\b(mientras|hasta que)…\bno (los |las |lo |la )?(us|utili|tra|toqu)\w{1,6}\b")}),
    *spoken("it", {_SURE: (r"\blimitazione\b|\blimit\w{1,4} il trattamento\b",), _LIKELY: (r"\b(congel|blocc)\w{1,5}\b", r"\b(finch[eé]|fino a)…\bnon (us|utilizz|tratt|tocc)\w{1,6}\b")}),
    *spoken("nl", {_SURE: (r"\bbeperk\w{1,4}…\bverwerk\w{1,4}\b|\bverwerking\b…\bbeperk\w{1,4}\b",), _LIKELY: (r"\bbevr\w{1,6}\b", r"\bniet (gebruiken|verwerken|doorgeven)…\bbewaren\b")}),
    *spoken("pt", {_SURE: (r"\blimita[cç][aã]o\b|\blimit\w{1,4} o tratamento\b",), _LIKELY: (r"\b(congel|bloque)\w{1,4}\b", r"\b(enquanto|at[eé] que)…\bn[aã]o (us|utili|tra|mex)\w{1,6}\b")}),
    *spoken("pl", {_SURE: (r"\bogranicz\w{1,4}…\bprzetwarzani\w{1,2}\b",), _LIKELY: (r"\b(zamro[zź]\w{1,4}|wstrzyma\w{1,4})\b",)}),
)  # fmt: skip

#: GDPR Art. 21 and 7(3): a use is to stop; where consent ends and all is to go, it is Art. 17
OBJECTION = (
    *spoken("", {_SURE: (r"\bart\w{0,6} 21\b",)}),
    *spoken(
        "en",
        {
            _SURE: (r"\bi object\b|\bobject(s|ion|ing)? (to|under|that)\b|\bobjection\b",),
            _LIKELY: (
                r"\b(stop|cease|desist|discontinue)…\b(using|use|processing|analysing|analyzing|profiling|tracking|computing|scoring|guessing)\b",
                r"\b(don.?t|do not|not|never)…\b(use|used|using|process|train)\b…\b(my|me)\b",
            ),
            _PERHAPS: (
                r"\b(withdr\w{2,5}|revok\w{1,3}|tak(e|ing) back|retire)…\b(consent|agreement|permission)\b",
                r"\bno longer (agree|consent|want)\b|\bi (don.?t|do not) (agree|consent)\b|\bconsent withdrawn\b",
            ),
        },
    ),
    *spoken("de", {_SURE: (r"\bwiderspr(eche|icht|uch|echen)\b",), _LIKELY: (r"\bnicht (mehr |weiter )?(nutzen|verwenden|verarbeiten|genutzt|verwendet|verarbeitet|ausgewertet)\b",), _PERHAPS: (r"\bwiderr\w{2,5}…\beinwilligung\w{0,2}\b|\beinwilligung\w{0,2}…\bwiderr\w{2,5}\b",)}),
    *spoken("fr", {_SURE: (r"\b(m|s|nous) ?.?oppos\w{1,4}\b|\bopposition\b",), _LIKELY: (r"\bne (plus |pas )?(utilis|trait|serv)\w{1,5}\b", r"\b(arr[eê]t|cess)\w{1,4}…\b(cela|traitement|utilis\w{1,4}|analys\w{1,3})\b"), _PERHAPS: (r"\b(retir|r[eé]voqu)\w{1,4}…\bconsentement\b",)}),
    *spoken("es", {_SURE: (r"\b(me|se|nos) op(ongo|one|onemos)\b|\boposici[oó]n\b",), _LIKELY: (r"\b(dejen de|no) (usar|utilizar|tratar|usen|utilicen)\b",), _PERHAPS: (r"\b(retir|revoc|revoqu)\w{1,4}…\b(consentimiento|autorizaci[oó]n)\b",)}),
    *spoken("it", {_SURE: (r"\b(mi|si|ci) oppo(ngo|ne|niamo)\b|\bopposizione\b",), _LIKELY: (r"\b(smettete di|non) (usare|utilizzare|trattare|usate|utilizzate)\b",), _PERHAPS: (r"\b(revoc|ritir)\w{1,4}…\b(consenso|assenso)\b",)}),
    *spoken("nl", {_SURE: (r"\bbezwaar\b",), _LIKELY: (r"\bniet (meer |langer |verder )?(gebruik\w{0,2}|verwerk\w{0,2}|gebruikt|verwerkt)\b",), _PERHAPS: (r"\b(trek|intrek\w{0,3}|ingetrokken)…\btoestemming\b|\btoestemming…\b(in|ingetrokken)\b",)}),
    *spoken("pt", {_SURE: (r"\b(me oponho|oponho.me|op[oõ]e.se|oposi[cç][aã]o)\b",), _LIKELY: (r"\b(deixem de|n[aã]o) (usar|utilizar|tratar|usem|utilizem)\b",), _PERHAPS: (r"\b(retir|revog)\w{1,4}…\bconsentimento\b",)}),
    *spoken("pl", {_SURE: (r"\bsprzeci\w{1,5}\b",), _LIKELY: (r"\bnie (u[zż]ywa|wykorzyst|przetwarza)\w{1,6}\b",), _PERHAPS: (r"\b(cofam|wycof\w{2,5}|cofni[eę]ci\w)…\bzgod\w{0,2}\b",)}),
)  # fmt: skip

#: GDPR Art. 22: a person is to decide, not a machine
AUTOMATED = (
    *spoken("", {_SURE: (r"\bart\w{0,6} 22\b",)}),
    *spoken(
        "en",
        {
            _SURE: (r"\bautomated (individual )?decision\w{0,1}\b|\bautomated decision making\b",),
            _LIKELY: (r"\b(human|person|somebody|someone real)…\b(review|decid|look|instead)\w{0,4}…\b(machine|algorithm|computer|robot|automat\w{1,5}|score|decision)\b",),
        },
    ),
    *spoken("de", {_SURE: (r"\bautomatisierte\w{0,2} entscheidung\w{0,2}\b",)}),
    *spoken("fr", {_SURE: (r"\bd[eé]cisions? (\w{1,12} )?automatis[eé]e?s?\b",)}),
    *spoken("es", {_SURE: (r"\bdecisi[oó]n(es)? automatizadas?\b",)}),
    *spoken("it", {_SURE: (r"\bdecision[ei] automatizzat[ae]\b",)}),
    *spoken("nl", {_SURE: (r"\bgeautomatiseerde? (besluit\w{0,6}|beslissing\w{0,2})\b",)}),
    *spoken("pt", {_SURE: (r"\bdecis(ão|ao|ões|oes) automatizadas?\b",)}),
    *spoken("pl", {_SURE: (r"\bzautomatyzowan\w{1,4}…\bdecyzj\w{1,2}\b|\bdecyzj\w{1,2}…\bzautomatyzowan\w{1,4}\b",)}),
)  # fmt: skip

#: CCPA 1798.120: not to be sold or shared, by the words or by the browser's signal
NO_SALE = spoken(
    "",
    {
        _SURE: (
            r"\b(do not|don.?t|not to|never|no) (sell|sale|selling|share)( (or|and) (sell|share|sharing))?\b…\b(my|his|her|our|their|personal|info|information|data|stuff|or share)\b",
            r"\bdo not sell\b|\b1798 ?1(20|35)\b|\bglobal privacy control\b|\bgpc\b",
            r"\bopt\w{0,4}.?out…\b(of|from)…\b(the )?(sale|selling|sharing)\b|\brefrain from selling\b",
        ),
    },
)

OF_ACCESS: Mapping[str, tuple[Clue, ...]] = MappingProxyType({"GDPR 20": PORTABILITY})
OF_DELETION: Mapping[str, tuple[Clue, ...]] = MappingProxyType(
    {"": ERASURE, "GDPR 18": RESTRICTION, "GDPR 21": OBJECTION, "GDPR 22": AUTOMATED}
)
OF_UNSUBSCRIBE: Mapping[str, tuple[Clue, ...]] = MappingProxyType({"CCPA 1798.120": NO_SALE})

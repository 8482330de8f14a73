"""Somebody wants no more marketing (GDPR Art. 21(2), CAN-SPAM, CASL, CCPA 1798.120)."""
# ruff: noqa: E501  a regular expression is not wrapped

from handlers.handler import CLOSE, CONFIRM, Kind, Step, spoken
from handlers.rights import OF_UNSUBSCRIBE
from handlers.steps import ADDRESSES, text
from storage.records import Case, OutboxStatus, Request

MAIL = r"(mailing|newsletter|marketing|e.?mail|mail|distribution|contact|promotional|subscriber|call|calling)"

ENGLISH = spoken(
    "en",
    {
        4.0: (
            r"\bunsub(scribe|scribed|scribing|scription)?\b",
            (
                r"\b(remove|take|delete|drop|get|strike|scrub) (me|us|my (e.?mail|address|name|number|e.?mail address)|this (address|e.?mail|number)|(him|her|my \w{3,10}))( \w{1,12})? (from|off)…"
                rf"\b{MAIL}?( )?(lists?|mailings?|newsletters?|database for marketing)\b"
            ),
            r"\bopt(ing|ed)?.?( me| us)?.?out\b(?!…\b(cookies?|recording)\b)",
            (
                r"\b(stop|quit|cease|don.?t|do not|no more|no longer|never|not)…\b(send(ing)?|e.?mail(ing)?|mail(ing)?|call(ing)?|text(ing)?|contact(ing)?|spam(ming)?|receiv(e|ing)|get(ting)?)…"
                r"\b(marketing|newsletters?|promotion\w{0,4}|promo\w{0,2}|advert\w{0,7}|ads|offers|mailings?|spam|commercial|product news|sales (e.?mails?|calls?)|junk)\b"
            ),
            r"\b(do not|don.?t) (sell|share)( or (sell|share))?…\b(my|personal)\b",
            r"\bobject(ion)?…\b(direct )?marketing\b",
        ),
        3.0: (
            r"\b(stop|quit) (e.?mailing|mailing|spamming|calling|texting|contacting|sending) (me|us|my)\b",
            r"\bno (more|further) (of (your|these) )?(e.?mails?|mails?|marketing|newsletters?|spam|calls|texts|post|brochures|catalogues?|messages)\b",
            r"\b(newsletter|marketing|mailing list)…\b(cancel|stop|remove|off|end)\b",
            r"\b(cancel|stop|end) (my |the |this |your )?(\w{1,12} )?(subscription to (the|your) )?(newsletter|mailings?|marketing)\b",
            r"\bleave me alone\b|\btake me off\b",
        ),
        1.5: (
            r"\bspam\b",
            r"\b(calls|texts|sms|brochure|catalogue|flyer|cold call\w{0,3})\b",
        ),
        -3.0: (
            r"\b(to|click( here)? to|if you (wish|want|would like|no longer|prefer)…|you can) (unsubscribe|opt.?out)\b(?! me)",
            r"\bunsubscribe (link|here|at any time|from this list by)\b",
            r"\b(cancel|downgrade|upgrade|renew) (my |our |the )?(paid |spaces |pro |business )?(subscription|plan|licen[cs]e)\b",
            r"\b(notification|reminder|meeting invitation)s? (e.?mails?|settings)\b",
        ),
    },
)
OTHERS = (
    spoken(
        "de",
        {
            4.0: (
                r"\b(newsletter|werbung|werbe.?mails?|mailings?|verteiler|werbesendung\w{0,2}|werbeanruf\w{0,2}|mailingliste)…\b(abmelden|abbestell\w{1,3}|abbestellung|austragen|k[uü]ndigen|entfernen|l[oö]schen|keine|stoppen|einstellen|nehmen|streichen|nicht mehr)\b",
                r"\b(abmelden|abmeldung|abbestell\w{1,4}|austragen|keine|k[uü]ndig\w{1,3}|nehmen sie|streichen sie|entfernen sie)…\b(newsletter\w{0,2}|werbung|werbe.?\w{1,10}|mailings?|verteiler|mailingliste|e.?mails? mehr)\b",
                r"\bwiderspr\w{2,7}…\b(direkt)?werbung\b",
            ),
            3.0: (
                r"\bkeine (weiteren |mehr )?(e.?mails?|mails?|newsletter|werbung|anrufe)\b",
                r"\bwerbewiderspruch\b",
            ),
        },
    )
    + spoken(
        "fr",
        {
            4.0: (
                r"\bd[eé]s(abonn|inscri)\w{1,6}\b",
                r"\b(ne plus|plus (aucun|de|recevoir)|cess\w{1,4}|arr[eê]t\w{1,4}|stop)…\b(newsletters?|publicit[eé]\w{0,2}|promotion\w{0,4}|prospection|mails?|e.?mails?|courriels?|sollicitations?|commercia\w{1,4})\b",
                r"\b(retir|supprim|enlev)\w{1,4}…\b(liste (de diffusion|d.?envoi|de distribution)|listes?|newsletter)\b",
                r"\bopposition…\b(prospection|marketing|d[eé]marchage)\b|\boppos\w{1,3}…\b(prospection|marketing)\b",
            )
        },
    )
    + spoken(
        "es",
        {
            4.0: (
                r"\b(darme de baja|dar(me)? de baja|denme de baja|d[eé]nme de baja|baja (de|en) (la |el |su |vuestra )?(lista|bolet[ií]n|newsletter|suscripci[oó]n)|cancelar (mi |la )?suscripci[oó]n|desuscrib\w{1,5})\b",
                r"\b(no (quiero|deseo)|dejen? de|dejad de|no me)…\b(recibir|enviar\w{0,3}|env[ií]en|mandar\w{0,3}|manden|llamar\w{0,3})…\b(publicidad|correos?|boletin\w{0,2}|bolet[ií]n|newsletters?|promocion\w{0,4}|ofertas|comercial\w{0,2}|e.?mails?|mensajes)\b",
                r"\bopo(ngo|sici[oó]n)…\b(publicidad|marketing|mercadotecnia|fines comerciales)\b",
            )
        },
    )
    + spoken(
        "it",
        {
            4.0: (
                r"\b(disiscri\w{1,6}|annullare l.?iscrizione|cancell\w{1,6} (dalla|l.?iscrizione|il mio (indirizzo|nome) dalla)…(newsletter|mailing|lista)?|disdire l.?iscrizione)\b",
                r"\b(non (desidero|voglio)|smett\w{1,5}|basta)…\b(ricevere|inviar\w{0,2}|mandar\w{0,2}|mail|e.?mail)…\b(pubblicit\w{1,3}|newsletter|promozional\w|e.?mail|comunicazioni|marketing|offerte|commerciali?)\b",
                r"\b(rimuov\w{1,4}|toglie\w{1,4}|elimina\w{1,4}|cancella\w{1,4})…\b(lista|liste|mailing list|newsletter)\b",
            )
        },
    )
    + spoken(
        "nl",
        {
            4.0: (
                r"\b(uitschrijv\w{1,3}|schrijf me uit|afmeld\w{0,3}|uit te schrijven|af te melden|afmelden)\b…",
                r"\b(geen|niet (meer|langer)|stop\w{0,3})…\b(nieuwsbri\w{2,4}|reclame|marketing|e.?mails?|mails?|mailings?|aanbiedingen|telefoontjes)\b",
                r"\b(verwijder\w{0,3}|haal)…\b(mailing ?lijst|verzendlijst|maillijst|nieuwsbrief|lijst)\b",
            )
        },
    )
    + spoken(
        "pt",
        {
            4.0: (
                r"\b(cancelar (a |minha )?(inscri[cç][aã]o|subscri[cç][aã]o|assinatura (da|do) newsletter)|descadastr\w{1,5}|desinscrev\w{1,4}|anular (a )?(minha )?subscri[cç][aã]o)\b",
                r"\b(n[aã]o (quero|desejo)|par(em|ar|e) de|deix(em|ar) de)…\b(receber|enviar\w{0,3}|mandar\w{0,3}|ligar)…\b(publicidade|e.?mails?|newsletters?|promo\w{1,6}|marketing|ofertas|propagandas?|mensagens)\b",
                r"\b(remov\w{1,4}|retir\w{1,4}|tir\w{1,4}|exclu\w{1,4})…\b(lista|listas) (de )?(e.?mails?|contatos?|distribui[cç][aã]o|marketing|mailing|envio)?\b",
            )
        },
    )
    + spoken(
        "pl",
        {
            4.0: (
                r"\b(wypisa\w{1,3}|wypisz\w{0,3}|zrezygnowa\w{1,3}|rezygnuj\w{1,2}|rezygnacj\w)…\b(newsletter\w{0,2}|list\w{1,2}|mailing\w{0,2}|subskrypcj\w{1,2}|reklam\w{0,2})\b",
                r"\b(nie (chc[eę]|[zż]ycz[eę]|wysy[lł]a\w{1,4})|przesta[nń]\w{0,4}|prosz[eę] nie|zaprzesta\w{1,4})…\b(newsletter\w{0,2}|reklam\w{0,2}|ofert\w{0,2}|maili|e.?mail\w{0,2}|marketing\w{0,5}|wiadomo[sś]ci|informacji handlow\w{1,3})\b",
                r"\b(usun\w{1,3}|usuni[eę]ci\w)…\blist\w{1,2} (mailingow\w{1,2}|wysy[lł]kow\w{1,2}|subskrybent[oó]w)\b",
                r"\bsprzeciw\w{0,3}…\bmarketing\w{0,3}\b",
            )
        },
    )
)
#: what people say who know neither the law nor its words
EVERYDAY = (
    spoken(
        "en",
        {
            4.0: (
                r"\A\W{0,3}(stop|remove|remove me|end|quit|cancel)\W{1,6}((stop|remove|remove me|end|quit|cancel|please)\W{0,4}){0,3}\Z",
                r"\b(don.?t|do not|no longer|never) want…\bmy (address|e.?mail|number|name|details)( \w{2,10}){0,2} used…\b(advert\w{0,7}|marketing|promot\w{0,5})\b",
                r"\b(stop|no more|enough( of)?|end|quit|halt|cancel|without)( \w{2,10}){0,3} (brochures?|catalogues?|flyers?|leaflets?|promos?|promotions?|junk|adverts?|advertising|ads|newsletters?|texts?|txts?|sms|offers|mailshots?|marketing|spam|cold calls?|sales calls?)\b",
                r"\bprocessing…\b(for|to) direct marketing\b",
            ),
            3.5: (
                r"\b(take|get|cross|strike|leave) me off\b",
                r"\b(mails?|e.?mails?|newsletters?|messages|calls|marketing|mailings?) to stop\b",
                r"\b(don.?t|do not|never|stop|cease|quit)( \w{2,10})? (e.?mail(ing)?|mail(ing)?|call(ing)?|ring(ing)?|text(ing)?|phon(e|ing)|contact(ing)?|spam(ming)?|bother(ing)?|pester(ing)?|write to|writing to) (me|us|again|any ?more|here)\b",
                r"\b(don.?t|do not|stop) (post(ing)?|send(ing)?) (me |us )?(any|more|them|these|any more)\b",
            ),
            -2.5: (
                r"\b(if you (wish|want|don.?t|no longer|would)|don.?t want to hear)…\b(unsubscribe|opt out|click)\b",
            ),
        },
    )
    + spoken(
        "de",
        {
            4.0: (
                r"\b(rufen|schreiben|schicken|senden|mailen|kontaktieren) sie (mir|mich|uns)…\b(nicht mehr|keine|nichts mehr|nie wieder)\b",
                r"\b(nicht mehr|nie wieder)…\b(anrufen|anschreiben|kontaktieren|bel[aä]stig\w{1,3}|zusenden|angerufen)\b",
                r"\bkeine (\w{1,12} ){0,2}(werbe\w{1,10}|newsletter\w{0,2}|angebote|werbung)\b",
            )
        },
    )
    + spoken(
        "fr",
        {
            4.0: (
                r"\bne (plus|pas) (m.?|me |nous )?(envoyer|appeler|contacter|[eé]crire|solliciter|importuner|t[eé]l[eé]phoner)\b",
                r"\bstop (pub|publicit[eé]s?|newsletter|mails)\b",
            )
        },
    )
    + spoken(
        "es",
        {
            4.0: (
                r"\bno (m[aá]s|me (env[ií]en|manden|llamen))…\b(correos?|publicidad|llamadas|mensajes|e.?mails?|ofertas|newsletters?)\b",
                r"\bno (me )?(llam|escrib)\w{1,3} m[aá]s\b",
                r"\b(dejen|dejad|deje) de…\b(llamar|molestar|enviar|mandar)\w{0,2}\b",
            )
        },
    )
    + spoken(
        "it",
        {
            4.0: (
                r"\b(basta|smett\w{2,4}|stop|toglie\w{2,5}|toglietemi|cancellatemi|rimuovetemi|non (mandatemi|inviatemi|chiamatemi))…\b(mail|e.?mail|newsletter|pubblicit\w{1,3}|lista|telefonate|messaggi|pi[uù])\b",
            )
        },
    )
    + spoken(
        "nl",
        {
            4.0: (
                r"\b(nieuwsbrief|mailing|reclame|aanbiedingen|e.?mails?)…\b(niet meer|stop\w{0,3}|afmelden|uitschrijven|geen)\b",
                r"\bniet (meer|langer) (bellen|mailen|schrijven|benaderen|gebeld)\b|\b(bel|mail|schrijf) (mij|me) niet\b",
            )
        },
    )
    + spoken(
        "pt",
        {
            4.0: (
                r"\b(cancelar|sair|anular|remover|retirar|parar|desistir)…\b(newsletter|lista|e.?mails|publicidade|boletim|mailing)\b",
                r"\bn[aã]o (me )?(enviem|mandem|liguem|contactem|escrevam)\b",
            )
        },
    )
    + spoken(
        "pl",
        {
            4.0: (
                r"\b(nie|przesta[nń]cie) (\w{1,10} )?(wysy[lł]a\w{1,3}|przysy[lł]a\w{1,3}|dzwoni\w{1,3})…\b(ofert\w{0,2}|reklam\w{0,2}|maili|wi[eę]cej|mnie)\b",
            )
        },
    )
)

MARKETING = Step(name="marketing", label="Stop the marketing", action="unsubscribe", round="stop")
#: it stays open until the marketing owner, or the feed their tools read, confirms
STOPPED = Step(
    name="stopped",
    label="Marketing owner confirms",
    action="confirmed",
    button="They confirmed",
    of="marketing",
    after=("marketing",),
)
#: where the rules let none go by itself; 11 CCR 7026(g): the consumer can see that it was processed
CONFIRMED = Step(name="answer", label="Confirm it to them", action="confirm_stop")
WHICH = Step(
    name="which",
    label="Which channel and list",
    action="which",
    button="Only some of it?",
    intro="Nothing recorded: all lists, by mail, phone, text and post, here and at partners.",
    optional=True,
    asks=(text("which", "What they want to go on getting"),),
)
#: 11 CCR 7026(f)(2): whoever the data were sold to or shared with
PARTNERS = Step(
    name="partners",
    label="Tell the partners: no sale, no sharing",
    action="partners",
    button="Partners told",
    intro="Whoever got the data since they wrote, and from now on nobody gets them.",
    laws=frozenset({"ccpa"}),
    asks=(text("who", "Who was told, and when", 'Or "nobody": we sell and share nothing'),),
)
#: what was on its way may still arrive; with a feed the desk takes the step itself
LOOKED = Step(
    name="looked",
    label="Look whether anything was sent since",
    action="looked",
    button="Nothing sent since",
    after=("stopped",),
    rests=True,
)


class Unsubscribe(Kind):
    """Marketing by mail, phone, text or post; partners' marketing; do-not-sell."""

    name = "unsubscribe"
    title = "Unsubscribe"
    asks = "no more marketing"
    clues = ENGLISH + OTHERS + EVERYDAY
    rights = OF_UNSUBSCRIBE
    steps = (
        CONFIRM,
        WHICH,
        ADDRESSES,
        MARKETING,
        CONFIRMED,
        PARTNERS,
        STOPPED,
        LOOKED,
        CLOSE,
    )
    letters = ("unsubscribed",)

    def applying(self, case: Case, request: Request) -> tuple[Step, ...]:
        """Without the confirmation where nobody can be written to."""
        found = super().applying(case, request)
        return found if _reachable(case) else tuple(s for s in found if s is not CONFIRMED)

    def answers(self, case: Case) -> bool:
        return _reachable(case)

    # no refusals: an objection to marketing is absolute (GDPR Art. 21(3))


def _reachable(case: Case) -> bool:
    """Is there an address, from which no confirmation has come back?"""
    failed = (
        letter.bounced or letter.status is OutboxStatus.DEAD
        for letter in case.letters
        if letter.template in {"unsubscribed", "acknowledgement"}
    )
    return bool(case.requester) and not any(failed)


KIND = Unsubscribe()

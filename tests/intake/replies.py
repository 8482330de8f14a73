"""Replies and forwarded mails as four mail programs write them, in eight languages.

Invented people, invented words; the headings are those the programs really put above what they
quote. `REPLIES` has what is new and the whole text; `FORWARDS` has words that must be read.
"""

from collections.abc import Iterator
from typing import NamedTuple

DESK = "Privacy Desk"
ADDRESS = "compliance@cafex.com"


class Tongue(NamedTuple):
    """What one language has for each heading."""

    own: tuple[str, str]  # two paragraphs that somebody writes
    old: tuple[str, str]  # two lines that are quoted
    answers: tuple[str, str]  # what stands between quoted lines
    gmail: str
    apple: str
    thunderbird: str
    original: str
    labels: tuple[str, str, str, str]  # From, Sent, To, Subject
    gmail_forward: str
    apple_forward: str
    phone: str


TONGUES = {
    "en": Tongue(
        own=("Please delete everything you hold about me.", "Kind regards\nAnn Example"),
        old=("We have received your message.", "Which account do you mean?"),
        answers=("Thank you for that.", "The one in the name of Ann Example."),
        gmail=f"On Tue, Nov 24, 2026 at 10:00\u202fAM {DESK} <{ADDRESS}> wrote:",
        apple=f"On 24 Nov 2026, at 10:00, {DESK} <{ADDRESS}> wrote:",
        thunderbird=f"On 24/11/2026 10:00, {DESK} wrote:",
        original="Original Message",
        labels=("From:", "Sent:", "To:", "Subject:"),
        gmail_forward="Forwarded message",
        apple_forward="Begin forwarded message:",
        phone="Sent from my iPhone",
    ),
    "de": Tongue(
        own=("Bitte löschen Sie alles, was Sie über mich haben.", "Viele Grüße\nJörg Beispiel"),
        old=("wir haben Ihre Nachricht erhalten.", "Welches Konto meinen Sie?"),
        answers=("Danke dafür.", "Das auf den Namen Jörg Beispiel."),
        gmail=f"Am Di., 24. Nov. 2026 um 10:00 Uhr schrieb {DESK} <{ADDRESS}>:",
        apple=f"Am 24.11.2026 um 10:00 schrieb {DESK} <{ADDRESS}>:",
        thunderbird=f"Am 24.11.26 um 10:00 schrieb {DESK}:",
        original="Ursprüngliche Nachricht",
        labels=("Von:", "Gesendet:", "An:", "Betreff:"),
        gmail_forward="Forwarded message",
        apple_forward="Anfang der weitergeleiteten Nachricht:",
        phone="Von meinem iPhone gesendet",
    ),
    "fr": Tongue(
        own=("Veuillez effacer tout ce que vous avez sur moi.", "Cordialement\nZoé Exemple"),
        old=("Nous avons bien reçu votre message.", "De quel compte s'agit-il ?"),
        answers=("Merci pour cela.", "De celui au nom de Zoé Exemple."),
        gmail=f"Le mar. 24 nov. 2026 à 10:00, {DESK} <{ADDRESS}> a écrit :",
        apple=f"Le 24 nov. 2026 à 10:00, {DESK} <{ADDRESS}> a écrit :",
        thunderbird=f"Le 24/11/2026 à 10:00, {DESK} a écrit :",
        original="Message d'origine",
        labels=("De :", "Envoyé :", "À :", "Objet :"),
        gmail_forward="Forwarded message",
        apple_forward="Début du message réexpédié :",
        phone="Envoyé de mon iPhone",
    ),
    "es": Tongue(
        own=("Les pido que borren todo lo que tengan sobre mí.", "Un saludo\nÍñigo Ejemplo"),
        old=("Hemos recibido su mensaje.", "¿A qué cuenta se refiere?"),
        answers=("Gracias por eso.", "A la que está a nombre de Íñigo Ejemplo."),
        gmail=f"El mar, 24 nov 2026 a las 10:00, {DESK} (<{ADDRESS}>) escribió:",
        apple=f"El 24 nov 2026, a las 10:00, {DESK} <{ADDRESS}> escribió:",
        thunderbird=f"El 24/11/2026 a las 10:00, {DESK} escribió:",
        original="Mensaje original",
        labels=("De:", "Enviado:", "Para:", "Asunto:"),
        gmail_forward="Forwarded message",
        apple_forward="Inicio del mensaje reenviado:",
        phone="Enviado desde mi iPhone",
    ),
    "it": Tongue(
        own=("Vi chiedo di cancellare tutto quello che avete su di me.", "Saluti\nNiccolò Esempio"),
        old=("Abbiamo ricevuto il Suo messaggio.", "Di quale account si tratta?"),
        answers=("Grazie per questo.", "Di quello a nome di Niccolò Esempio."),
        gmail=f"Il giorno mar 24 nov 2026 alle ore 10:00 {DESK} <{ADDRESS}> ha scritto:",
        apple=f"Il giorno 24 nov 2026, alle ore 10:00, {DESK} <{ADDRESS}> ha scritto:",
        thunderbird=f"Il 24/11/2026 10:00, {DESK} ha scritto:",
        original="Messaggio originale",
        labels=("Da:", "Inviato:", "A:", "Oggetto:"),
        gmail_forward="Forwarded message",
        apple_forward="Inizio messaggio inoltrato:",
        phone="Inviato da iPhone",
    ),
    "nl": Tongue(
        own=("Wilt u alles wissen wat u over mij hebt?", "Met vriendelijke groet\nSanne Voorbeeld"),
        old=("Wij hebben uw bericht ontvangen.", "Welk account bedoelt u?"),
        answers=("Dank daarvoor.", "Dat op naam van Sanne Voorbeeld."),
        gmail=f"Op di 24 nov 2026 om 10:00 schreef {DESK} <{ADDRESS}>:",
        apple=f"Op 24 nov 2026, om 10:00 heeft {DESK} <{ADDRESS}> het volgende geschreven:",
        thunderbird=f"Op 24-11-2026 om 10:00 schreef {DESK}:",
        original="Oorspronkelijk bericht",
        labels=("Van:", "Verzonden:", "Aan:", "Onderwerp:"),
        gmail_forward="Forwarded message",
        apple_forward="Begin doorgestuurd bericht:",
        phone="Verstuurd vanaf mijn iPhone",
    ),
    "pt": Tongue(
        own=("Peço que apaguem tudo o que têm sobre mim.", "Cumprimentos\nInês Exemplo"),
        old=("Recebemos a sua mensagem.", "De que conta se trata?"),
        answers=("Obrigada por isso.", "Da que está em nome de Inês Exemplo."),
        gmail=f"Em ter., 24 de nov. de 2026 às 10:00, {DESK} <{ADDRESS}> escreveu:",
        apple=f"No dia 24/11/2026, às 10:00, {DESK} <{ADDRESS}> escreveu:",
        thunderbird=f"Às 10:00 de 24/11/2026, {DESK} escreveu:",
        original="Mensagem original",
        labels=("De:", "Enviada em:", "Para:", "Assunto:"),
        gmail_forward="Forwarded message",
        apple_forward="Início da mensagem reencaminhada:",
        phone="Enviado do meu iPhone",
    ),
    "pl": Tongue(
        own=("Proszę usunąć wszystko, co macie na mój temat.", "Pozdrawiam\nŁukasz Przykład"),
        old=("Otrzymaliśmy Państwa wiadomość.", "O które konto chodzi?"),
        answers=("Dziękuję za to.", "O to na nazwisko Łukasz Przykład."),
        gmail=f"wt., 24 lis 2026 o 10:00 {DESK} <{ADDRESS}> napisał(a):",
        apple=f"Wiadomość napisana przez {DESK} <{ADDRESS}> w dniu 24 lis 2026, o godz. 10:00:",
        thunderbird=f"W dniu 24.11.2026 o 10:00, {DESK} pisze:",
        original="Wiadomość oryginalna",
        labels=("Od:", "Wysłane:", "Do:", "Temat:"),
        gmail_forward="Forwarded message",
        apple_forward="Początek przekazywanej wiadomości:",
        phone="Wysłane z iPhone'a",
    ),
}


class Reply(NamedTuple):
    """A mail's text, and what of it is new."""

    name: str
    subject: str
    text: str
    new: str


def _folded(heading: str) -> str:
    """As programs fold a long heading: before the address."""
    return heading.replace(" <", "\n<") if len(heading) > 76 else heading


def _quoted(lines: tuple[str, ...]) -> str:
    return "\n".join(f"> {line}" for line in lines)


def _header(tongue: Tongue) -> str:
    values = (f"{DESK} <{ADDRESS}>", "24.11.2026 10:00", "ann@example.org", "Your request")
    pairs = zip(tongue.labels, values, strict=True)
    return "\n".join(f"{label} {value}" for label, value in pairs)


def replies() -> Iterator[Reply]:
    """Every program in every language, answers above, between and below what is quoted."""
    for language, tongue in TONGUES.items():
        new = "\n\n".join(tongue.own)
        old, quoted = "\n".join(tongue.old), _quoted(tongue.old)
        dear = f"{tongue.own[0]}\n\n-- \n{tongue.own[1]}"
        header = _header(tongue)
        between = f"{tongue.thunderbird}\n> {tongue.old[0]}"
        texts = {
            "Gmail": (f"{new}\n\n{_folded(tongue.gmail)}\n\n{quoted}", new),
            "Gmail, a phone, unmarked": (f"{new}\n\n{tongue.gmail}\n\n{old}", new),
            "Apple Mail": (f"{new}\n\n{_folded(tongue.apple)}\n\n{quoted}", new),
            "iPhone": (f"{new}\n\n{tongue.phone}\n\n> {tongue.apple}\n> \n{quoted}", new),
            "Thunderbird": (f"{new}\n\n{tongue.thunderbird}\n{quoted}", new),
            "Thunderbird, signed": (f"{dear}\n\n{tongue.thunderbird}\n{quoted}", tongue.own[0]),
            "Thunderbird, below": (f"{tongue.thunderbird}\n{quoted}\n\n{new}", new),
            "Thunderbird, between": (
                "\n\n".join((between, tongue.answers[0], f"> {tongue.old[1]}", tongue.answers[1])),
                "\n\n".join(tongue.answers),
            ),
            "Outlook": (f"{new}\n\n{'_' * 32}\n{header}\n\n{old}", new),
            "Outlook, classic": (f"{new}\n\n-----{tongue.original}-----\n{header}\n\n{old}", new),
            "Outlook, HTML": (f"{new}\n\n{header}\n\n{old}", new),
        }
        for program, (text, wanted) in texts.items():
            yield Reply(f"{language} {program}", f"Re: {language}", text, wanted)


def forwards() -> Iterator[Reply]:
    """Passed on with nothing, or next to nothing, above: `new` must be in what is read."""
    for language, tongue in TONGUES.items():
        request, header = tongue.own[0], _header(tongue)
        fields = "From: Ann Example <ann@example.org>\nDate: 24.11.2026 10:00\nSubject: x"
        texts = {
            "Gmail": f"---------- {tongue.gmail_forward} ---------\n{fields}\n\n\n{request}",
            "Apple Mail": f"{tongue.apple_forward}\n\n> {header}\n> \n> {request}",
            "Thunderbird": f"FYI\n\n-------- {tongue.gmail_forward} -----\n{fields}\n\n{request}",
            "Outlook": f"\n\n{'_' * 32}\n{header}\n\n{request}",
            "Outlook, classic": f"Ann\n\n-----{tongue.original}-----\n{header}\n\n{request}",
        }
        for program, text in texts.items():
            yield Reply(f"{language} forwarded by {program}", f"Fwd: {language}", text, request)


#: new words that look like headings, rules or headers: none of them may be lost
OWN_WORDS = (
    "On 3 November at 14:30 your agent wrote:\nyou have no rights here.\nI want that corrected.",
    "On Monday your colleague wrote: we delete nothing.\n\nThat is against the law.",
    "Am 3. November um 14:30 schrieb mir Ihr Mitarbeiter:\nwir löschen nichts.\nDas geht nicht.",
    "Le 3 novembre à 14:30 votre agent a écrit :\nnon.\nJe veux une réponse.",
    "El 3 de noviembre a las 14:30 su agente escribió:\nno.\nQuiero una respuesta.",
    "From: now on, stop.\nTo: be clear, delete everything.",
    "My accounts:\n\n--- first one ---\nann@example.org\n--- second one ---\nbob@example.org",
    "Name: Ann Example\nDate: 1 May 1980\nTo: whom it may concern\nSubject: erasure of my data",
    "Please delete these:\n____________\nann@example.org\n____________\nbob@example.org",
    "W dniu 3.11.2026 o 14:30 pisze do mnie wasz pracownik:\nnie.\nProszę o odpowiedź.",
    "Il 3 novembre alle 14:30 il vostro agente ha scritto:\nno.\nVoglio una risposta.",
    "Em 3 de novembro às 14:30 o vosso agente escreveu:\nnão.\nQuero uma resposta.",
    "Op 3 november om 14:30 schreef uw medewerker:\nnee.\nIk wil antwoord.",
    "De: Madrid\nPara: mí\n\nQuiero que borren mis datos.",
)

_NEW = "Please delete my data.\n\nAnn"
_AT = f"{DESK} <{ADDRESS}>"
#: programs and languages that no rule was written for
OTHERS = (
    f"{_NEW}\n\nDen tis 24 nov. 2026 kl 10:00 skrev {_AT}:\n\n> old words",
    f"{_NEW}\n\nDen 24 nov. 2026 kl. 10.00 skrev {_AT}:\n\nold words",
    f"{_NEW}\n\nút 24. 11. 2026 v 10:00 odesílatel {_AT} napsal:\n\n> old words",
    f"{_NEW}\n\n2026年11月24日(火) 10:00 {_AT}:\n\n> old words",
    f"{_NEW}\n\n2026年11月24日 10:00，{_AT} 写道：\n\n> old words",
    f"{_NEW}\n\n2026년 11월 24일 (화) 오전 10:00, {_AT}님이 작성:\n\n> old words",
    f"{_NEW}\n\nOn Tuesday, November 24, 2026 at 10:00:00 AM GMT, {_AT} wrote:\n\nold words",
    f"{_NEW}\n\nOn Tuesday, November 24th, 2026 at 10:00 AM, {_AT} wrote:\n\n> old words",
    f'{_NEW}\n\n24.11.2026, 10:00, "{DESK}" <{ADDRESS}>:\n\nold words',
    f"{_NEW}\n\nOn 24 November 2026 10:00:00 GMT, {_AT} wrote:\n>old words",
    (
        f'{_NEW}\n\nGesendet: Dienstag, 24. November 2026 um 10:00 Uhr\nVon: "{DESK}" <{ADDRESS}>\n'
        "An: ann@example.org\nBetreff: Your request\nold words"
    ),
    f"{_NEW}\n\n{DESK} <{ADDRESS}> hat am 24.11.2026 10:00 CET geschrieben:\n\n\nold words",
    f"{_NEW}\n\nQuoting {_AT}:\n\n> old words",
    (
        f"{_NEW}\n\n----- Original message -----\nFrom: {_AT}\nTo: ann@example.org\nSubject: x\n"
        "Date: Tuesday, November 24, 2026 10:00\n\nold words"
    ),
    f'{_NEW}\n\n\u5728 2026-11-24 10:00:00\uff0c"{DESK}" <{ADDRESS}> \u5199\u9053\uff1a\nold words',
    (
        f"{_NEW}\n\n*From:* {_AT}\n*Sent:* Tuesday, November 24, 2026 10:00 AM\n*To:* Ann\n"
        "*Subject:* Your request\n\nold words"
    ),
)

REPLIES = tuple(replies())
FORWARDS = tuple(forwards())
UNSEEN = tuple(Reply(f"other {n}", "Re: x", text, _NEW) for n, text in enumerate(OTHERS))

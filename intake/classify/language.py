"""Which of the desk's eight languages a text is written in, by its small words."""

import re

#: words that are common in one language and, mostly, in no other of the eight
_WORDS = {
    "en": "the and you your my please is are was have has i this that with would any not do it "
    "for me we of to hello dear thanks from been can will on what hold stop how who",
    "de": "der die das und ich sie ihr ihre ihren mir mich meine meiner meinen mein bitte ist "
    "sind nicht mit von zu zum zur haben wurde auf hallo sehr geehrte guten tag den dem "
    "ein eine wir über für dass werden alle keine mehr habe wird unsere oder bei noch mal "
    "euch ihnen ab welchem können was wie wo auch",
    "fr": "le la les des et je vous votre vos mes mon ma une est sont pas avec pour dans sur "
    "bonjour merci que qui ne du au aux madame monsieur souhaite cordialement toutes ce "
    "cette plus avez veuillez nous être",
    "es": "el los las y yo usted ustedes su sus mis mi una es son con para por que del hola "
    "gracias estimados quiero solicito deseo todos todas este esta no buenos días me les "
    "favor como han sobre más ya qué quién se en tienen he",
    "it": "il lo gli e io voi vostra vostro miei mie mio mia una è sono non con per che del "
    "della dei buongiorno grazie vorrei chiedo tutti tutte questo salve gentili spett "
    "cordiali saluti mi ho di da più i vostri",
    "nl": "de het en ik u uw jullie mijn een is zijn niet met voor dat van op hallo beste "
    "geachte graag alle dit deze wil heeft hebben kunt mij bedankt groet alstublieft geen "
    "meer te naar door wij",
    "pt": "o os as e eu vocês vossa meus minhas meu minha uma é são não com para por que do da "
    "dos das olá obrigado obrigada gostaria todos todas este esta bom dia prezados "
    "solicito seus sua cumprimentos no na em ao quero obrigado isto já vocês quem vosso vossos "
    "boa tarde tenho peço favor",
    "pl": "i w na z do się nie jest są że o moje moich mój moja proszę dzień dobry państwo "
    "państwa dane mnie dla po jak czy wszystkie dziękuję pozdrawiam chcę aby oraz od "
    "które mi ze szanowni mojego moim",
}
LANGUAGES = tuple(_WORDS)
_SPOKEN: dict[str, tuple[str, ...]] = {}
for _language, _words in _WORDS.items():
    for _word in set(_words.split()):
        _SPOKEN[_word] = (*_SPOKEN.get(_word, ()), _language)
_TOKEN = re.compile(r"[^\W\d_]+")


def language(text: str) -> str:
    """ISO 639-1, or "und" when too little speaks for one of them.

    A word shared by several languages counts for each of them in part.
    """
    scores = dict.fromkeys(_WORDS, 0.0)
    for token in _TOKEN.findall(text[:4000].lower()):
        languages = _SPOKEN.get(token, ())
        for found in languages:
            scores[found] += 1 / len(languages)
    best, second = sorted(scores, key=scores.__getitem__, reverse=True)[:2]
    enough = scores[best] >= 1.5 and scores[best] >= 1.25 * scores[second]
    return best if enough else "und"

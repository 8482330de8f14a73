"""Words that plainly say that we hold data about the asker, or that we hold none.

Before identity is settled no letter may say either (GDPR Art. 12(6), EDPB 01/2022 65). Only a
sentence that speaks of the asker is meant: how long recordings are kept in general may be told, and
so may a question, or an if. Each language is looked for in each letter: staff may write in another.
"""

import re
from collections.abc import Iterator, Mapping
from types import MappingProxyType

from storage.records import Record


class Speech(Record, frozen=True, kw_only=True):
    """How one language says it: regular expressions, the words of a sentence in any order."""

    hold: str  #: we hold, we found
    data: str
    you: str  #: about you
    your: str
    own: str  #: you have an account
    there: str  #: your data "are there"
    maybe: str  #: whether, if: that says neither


_SPEECHES: Mapping[str, Speech] = MappingProxyType(
    {
        "en": Speech(
            hold=r"we (?:\w+ ){0,3}(?:hold|have|keep|store|process|found|find|located)|held",
            data="data|information|details|account|profile|records?|recordings?|nothing|anything",
            you="about you|on you|concerning you|under (?:your|this) (?:name|address)|for you",
            your="your",
            own="you (?:do not |don't |no longer )?have (?:an?|no|any) (?:account|profile)",
            there=r"is|are|was|were|has|exists?|shows?|contains?|with us",
            maybe="whether|if",
        ),
        "de": Speech(
            hold="(?:haben|speichern|verarbeiten|führen|finden|fanden) wir|gespeichert|vorhanden|"
            "wir (?:haben|speichern|verarbeiten|führen|finden|fanden)|liegen|gefunden",
            data="daten|informationen|konto|profil|einträge|aufnahmen|nichts",
            you="über sie|zu ihnen|zu ihrer (?:person|adresse)|(?:unter|auf) ihre[nmr]? \\w+",
            your="ihre?n?",
            own="sie haben (?:bei uns )?(?:noch )?k?ein (?:konto|profil)",
            there="ist|sind|wurden?|hat|besteht|liegen|bei uns",
            maybe="ob|falls|wenn|sofern",
        ),
        "fr": Speech(
            hold="nous (?:n'|ne )?(?:vous )?(?:détenons|avons|conservons|traitons|trouvons)",
            data="données?|informations?|compte|profil|enregistrements?|rien",
            you="vous concernant|sur vous|à votre (?:nom|sujet|adresse)|vous concerne",
            your="votre|vos",
            own="vous (?:n')?avez (?:bien )?(?:un|pas de) (?:compte|profil)",
            there="est|sont|a été|ont été|existent?|contient|chez nous",
            maybe="si|que nous détenions",
        ),
        "es": Speech(
            hold="tenemos|conservamos|guardamos|tratamos|encontramos|hemos encontrado|consta",
            data="datos?|información|cuenta|perfil|grabaciones|nada",
            you="sobre usted|de usted|a su nombre|con su dirección|que le conciernan?",
            your="sus?",
            own="tiene (?:una |ninguna )?(?:cuenta|perfil)",
            there="está|están|es|existen?|constan?|contiene|con nosotros",
            maybe="si",
        ),
        "it": Speech(
            hold="abbiamo|conserviamo|trattiamo|deteniamo|troviamo|risulta|risultano",
            data="dat[oi]|informazion[ei]|account|profilo|registrazioni|nulla|niente",
            you="su di lei|che la riguardan?o?|a suo nome|al suo indirizzo",
            your="suo|suoi|sua|sue",
            own="lei (?:non )?ha (?:un |alcun )?(?:account|profilo)",
            there="è|sono|esiston?o?|esiste|risultan?o?|contiene|presso di noi",
            maybe="se",
        ),
        "nl": Speech(
            hold="(?:hebben|bewaren|verwerken|vinden|vonden) wij|gevonden|bekend|"
            "wij (?:hebben|bewaren|verwerken|vinden|vonden)",
            data="gegevens|informatie|account|profiel|opnamen|niets",
            you="over u|op uw naam|onder uw (?:naam|adres)|van u",
            your="uw",
            own="u (?:hebt|heeft) g?een (?:account|profiel)",
            there="is|zijn|was|waren|bestaat|staan|bij ons",
            maybe="of wij|als|indien",
        ),
        "pt": Speech(
            hold="temos|conservamos|guardamos|tratamos|encontr[aá]mos|consta|constam",
            data="dados?|informaç(?:ão|ões)|conta|perfil|gravações|nada",
            you="sobre si|sobre você|em seu nome|com o seu endereço|a seu respeito",
            your="seus?|suas?",
            own="tem (?:uma |nenhuma )?(?:conta|perfil)",
            there="está|estão|existem?|constam?|contém|connosco",
            maybe="se",
        ),
        "pl": Speech(
            hold="mamy|posiadamy|przechowujemy|przetwarzamy|znaleźliśmy|znaleziono",
            data=r"dan\w{1,3}|informacj\w{1,2}|kont[oa]|profilu?|nagra\w+|niczego|nic",
            you=r"o (?:panu|pani|państwu)|na (?:państwa|pana|pani) \w+|pod tym adresem",
            your="państwa|pana|pani",
            own=r"(?:mają państwo|ma pani?) (?:\w+ )?(?:konto|konta|profil)",
            there="jest|są|istniej[eą]|znajduj[eą] się|u nas",
            maybe="czy|jeśli|jeżeli",
        ),
    }
)
_SENTENCE = re.compile(r"[^.!?;:\n]+[.!?;:]?")


def tells(words: str) -> str:
    """The first sentence that says it; "" = none does."""
    for sentence in _SENTENCE.findall(_plain(words)):
        asks = sentence.endswith("?")
        if not asks and any(_says(sentence, speech) for speech in _SPEECHES.values()):
            return " ".join(sentence.split())
    return ""


def _plain(words: str) -> str:
    return words.replace("\N{RIGHT SINGLE QUOTATION MARK}", "'")


def _says(sentence: str, speech: Speech) -> bool:
    if _has(sentence, speech.maybe):
        return False
    return any(all(_has(sentence, part) for part in parts) for parts in _ways(speech))


def _ways(speech: Speech) -> Iterator[tuple[str, ...]]:
    """We hold data about you; we hold your data; your account is there; you have an account."""
    yours = rf"(?:{speech.your}) (?:\w+ )?(?:{speech.data})"
    yield speech.hold, speech.data, speech.you
    yield speech.hold, yours
    yield (rf"{yours} (?:\w+ )?(?:{speech.there})",)
    yield (speech.own,)


def _has(sentence: str, part: str) -> bool:
    return re.search(rf"\b(?:{part})\b", sentence, re.IGNORECASE) is not None

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
    known: str  #: we deleted your data, you are our customer: only who is known has any
    asked: str  #: a request for data, which everybody has who writes
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
            known=r"we (?:\w+ ){0,2}(?:deleted|erased|removed) your "
            r"(?:\w+ )?(?:data|account|profile|recordings?)|"
            r"your (?:account|data|profile|recordings?) will be (?:closed|deleted|erased|removed)|"
            r"you are (?:not |no )?(?:\w+ )?(?:registered|customer|user of ours|member)|"
            r"you (?:are )?(?:not )?in our (?:systems?|databases?|records)|"
            r"there (?:is|are) no (?:account|profile|data)|"
            r"nothing is (?:stored|held)|no data (?:about|on) you",
            asked=r"requests? (?:for|to see|about) (?:\w+ ){0,3}(?:data|information|account)|"
            r"(?:data|information) (?:protection |access )?requests?",
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
            known=r"ihre? (?:konto|profil|daten|aufnahmen) (?:wird|werden) "
            r"(?:\w+ )?(?:gelöscht|entfernt)|sie sind (?:\w+ ){0,3}"
            r"(?:registriert|kunde|kundin|mitglied)|es gibt (?:\w+ )?k?ein (?:konto|profil)|"
            r"ihre (?:\w+ )?(?:daten|aufnahmen) (?:\w+ )?(?:gelöscht|entfernt)",
            asked=r"(?:anfrage|antrag|ersuchen) (?:zu|nach|auf|über|um) "
            r"(?:\w+ ){0,3}(?:daten|informationen)",
            maybe="ob|falls|wenn|sofern",
        ),
        "fr": Speech(
            hold="nous (?:n'|ne )?(?:vous )?(?:détenons|avons|conservons|traitons|trouvons)",
            data="données?|informations?|compte|profil|enregistrements?|rien",
            you="vous concernant|sur vous|à votre (?:nom|sujet|adresse)|vous concerne",
            your="votre|vos",
            own="vous (?:n')?avez (?:bien )?(?:un|pas de) (?:compte|profil)",
            there="est|sont|a été|ont été|existent?|contient|chez nous",
            known=r"vous (?:êtes|n'êtes pas) (?:\w+ )?(?:client|cliente|inscrite?|membre)|"
            r"(?:supprimé|effacé) (?:votre|vos) (?:\w+ )?(?:compte|profil|données)",
            asked=r"demande (?:d'accès à|de|d'effacement de|relative à|concernant) "
            r"(?:\w+ ){0,2}données",
            maybe="si|que nous détenions",
        ),
        "es": Speech(
            hold="tenemos|conservamos|guardamos|tratamos|encontramos|hemos encontrado|consta",
            data="datos?|información|cuenta|perfil|grabaciones|nada",
            you="sobre usted|de usted|a su nombre|con su dirección|que le conciernan?",
            your="sus?",
            own="tiene (?:una |ninguna )?(?:cuenta|perfil)",
            there="está|están|es|existen?|constan?|contiene|con nosotros",
            known=r"usted (?:no )?es (?:\w+ )?(?:cliente|miembro)|"
            r"(?:borrado|suprimido|eliminado) (?:su|sus) "
            r"(?:\w+ )?(?:cuenta|perfil|datos)|encontrado (?:\w+ )?datos suyos",
            asked=r"solicitud de (?:acceso a |supresión de )?(?:\w+ ){0,2}datos",
            maybe="si",
        ),
        "it": Speech(
            hold="abbiamo|conserviamo|trattiamo|deteniamo|troviamo|risulta|risultano",
            data="dat[oi]|informazion[ei]|account|profilo|registrazioni|nulla|niente",
            you="su di lei|che la riguardan?o?|a suo nome|al suo indirizzo",
            your="suo|suoi|sua|sue",
            own="lei (?:non )?ha (?:un |alcun )?(?:account|profilo)",
            there="è|sono|esiston?o?|esiste|risultan?o?|contiene|presso di noi",
            known=r"lei (?:non )?è (?:\w+ )?(?:cliente|registrat[oa]|iscritt[oa])|"
            r"cancellato (?:il suo|i suoi) (?:account|profilo|dati)",
            asked=r"richiesta di (?:accesso ai |cancellazione dei )?(?:\w+ ){0,2}dati",
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
            known=r"u bent (?:\w+ ){0,2}(?:klant|lid|geregistreerd)|"
            r"uw (?:\w+ )?(?:account|profiel|gegevens) (?:\w+ )?(?:verwijderd|gewist)",
            asked=r"verzoek om (?:\w+ ){0,4}gegevens",
            maybe="of wij|als|indien",
        ),
        "pt": Speech(
            hold="temos|conservamos|guardamos|tratamos|encontr[aá]mos|consta|constam",
            data="dados?|informaç(?:ão|ões)|conta|perfil|gravações|nada",
            you="sobre si|sobre você|em seu nome|com o seu endereço|a seu respeito",
            your="seus?|suas?",
            own="tem (?:uma |nenhuma )?(?:conta|perfil)",
            there="está|estão|existem?|constam?|contém|connosco",
            known=r"(?:é|não é) (?:\w+ )?(?:nosso cliente|nossa cliente|cliente nosso)|"
            r"(?:apag[aá]mos|elimin[aá]mos) (?:a sua|os seus|o seu) (?:conta|dados|perfil)",
            asked=r"pedido de (?:acesso aos |apagamento dos )?(?:\w+ ){0,2}dados",
            maybe="se",
        ),
        "pl": Speech(
            hold="mamy|posiadamy|przechowujemy|przetwarzamy|znaleźliśmy|znaleziono",
            data=r"dan\w{1,3}|informacj\w{1,2}|kont[oa]|profilu?|nagra\w+|niczego|nic",
            you=r"o (?:panu|pani|państwu)|na (?:państwa|pana|pani) \w+|pod tym adresem",
            your="państwa|pana|pani",
            own=r"(?:mają państwo|ma pani?) (?:\w+ )?(?:konto|konta|profil)",
            there="jest|są|istniej[eą]|znajduj[eą] się|u nas",
            known=r"usunęliśmy (?:państwa|pana|pani) (?:konto|dane|profil)|"
            r"znaleźliśmy (?:\w+ )?danych "
            r"dotyczących|są państwo (?:\w+ )?(?:klientem|klientami)",
            asked=r"wniosek o (?:dostęp do |usunięcie )?(?:\w+ ){0,2}dan\w{1,3}",
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
    sentence = re.sub(rf"\b(?:{speech.asked})\b", "…", sentence, flags=re.IGNORECASE)
    return any(all(_has(sentence, part) for part in parts) for parts in _ways(speech))


def _ways(speech: Speech) -> Iterator[tuple[str, ...]]:
    """We hold data about you; we hold your data; your account is there; you have an account; we
    deleted it."""
    yours = rf"(?:{speech.your}) (?:\w+ )?(?:{speech.data})"
    yield speech.hold, speech.data, speech.you
    yield speech.hold, yours
    yield (rf"{yours} (?:\w+ )?(?:{speech.there})",)
    yield (speech.own,)
    yield (speech.known,)


def _has(sentence: str, part: str) -> bool:
    return re.search(rf"\b(?:{part})\b", sentence, re.IGNORECASE) is not None

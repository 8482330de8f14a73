"""Paragraphs that stand in a mail and are not its writer's words now: legal footers, our letters.

They are blanked, place for place, before anything is read; a mail of nothing else keeps them.
Quoted words and signatures are cut off earlier, in `intake/quoted.py`.
"""
# ruff: noqa: E501  a regular expression is not wrapped, and speaks eight languages

import re
from collections.abc import Iterator
from functools import cache

from handlers.letters import templates

#: three of these in one paragraph make it a legal footer; a person's own words have fewer
_FOOTER = tuple(
    re.compile(words)
    for words in (
        r"\b(this|the) (e-?mail|message|communication|transmission)\b|\bdiese (e-?mail|nachricht)\b|\b(ce|cet|le present) (message|e-?mail|courriel)\b|\beste (mensaje|correo|e-?mail)\b|\bquest[ao] (e-?mail|messaggio|comunicazione)\b|\bdit? (bericht|e-?mail)\b|\bdeze e-?mail\b|\besta mensagem\b|\b(ta|niniejsza) wiadomo[sś][cć]\b",
        r"\b(confidential|privileged|vertraulich\w*|confidentiel\w*|confidencial\w*|riservat\w+|confidenziali?|vertrouwelijk\w*|poufn\w+)\b",
        r"\b(intended (recipient|solely|only|for)|addressee|solely for|empf[aä]nger|destinataires?|destinatari[oa]s?|geadresseerde|adresat\w*)\b",
        r"\b(received (it|this) (e-?mail |message )?in error|notify the sender|irrt[uü]mlich|par erreur|por error|per errore|ten onrechte|por engano|omy[lł]kowo|delete (it|this) (e-?mail |message )?from your system)\b",
        r"\b(unauthori[sz]ed|disclosure|copying|distribution|viruses|unbefugt\w*|divulgation|divulgaci[oó]n|divulgazione|verspreiding|rozpowszechnian\w+) ",
    )
)
#: one of these stands in all that the second of them finds
_SECRET = ("confiden", "privileg", "vertrau", "vertrouw", "riservat", "poufn")
_WORD = re.compile(r"[^\W\d_]")
_REFERENCE = re.compile(r"\bpr-\d{4}-\d+")
_GAP = re.compile(r"{[{%].*?[}%]}|\[\[.*?\]\]", re.DOTALL)
_LONG = 25  # characters of ours in a row that nobody else writes


def without_furniture(text: str) -> str:
    """The text in lower case with its furniture blanked; every place stays as it was."""
    footers = any(part in text for part in _SECRET) and _FOOTER[1].search(text) is not None
    own = "pr-" in text and _REFERENCE.search(text) is not None
    if not footers and not own:
        return text
    kept = "\n".join(_blanked(group, own=own) for group in _paragraphs(text))
    return kept if _WORD.search(kept) else text


def _paragraphs(text: str) -> Iterator[str]:
    """Lines up to an empty one; joined by line breaks they are the text."""
    held: list[str] = []
    for line in text.split("\n"):
        held.append(line)
        if not line.strip():
            yield "\n".join(held)
            held = []
    if held:
        yield "\n".join(held)


def _blanked(paragraph: str, *, own: bool) -> str:
    legal = sum(words.search(paragraph) is not None for words in _FOOTER) >= 3
    ours = own and _is_ours(" ".join(paragraph.split()))
    return re.sub(r"\S", " ", paragraph) if legal or ours else paragraph


def _is_ours(paragraph: str) -> bool:
    return any(piece in paragraph for piece in _pieces())


@cache
def _pieces() -> tuple[str, ...]:
    """What stands between the gaps of our automatic letters."""
    automatic = [name for name in templates.names() if templates.template(name).automatic]
    bodies = (
        templates.parsed(name, templates.built_in(language)[name]).body
        for language in templates.LANGUAGES
        for name in automatic
    )
    lines = (line for body in bodies for line in body.lower().split("\n"))
    pieces = (" ".join(piece.split()) for line in lines for piece in _GAP.split(line))
    return tuple(piece for piece in pieces if len(piece) >= _LONG)

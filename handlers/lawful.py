"""May this letter go out as it is? What the law wants is looked for in the words that will be read.

Pure. What stands around staff's words is the desk's, so what it must hold can only be missing when
the case has changed since, and then nothing goes. What staff write may be worded in many ways: what
is not found there is asked about in the preview, and sent once they have looked.
"""

import re
from collections.abc import Mapping

from handlers import timing
from handlers.deadlines.working_days import local_day
from handlers.handler import Field, Kind
from handlers.letters import templates
from handlers.letters.catalogue import Rendered, long_date
from handlers.letters.demands import spelt_out, unmet
from handlers.letters.telling import tells
from handlers.letters.templates import ENGLISH
from handlers.letters.wording import Matter, values_of, write
from handlers.requests import letter_of
from handlers.verification import unsettled
from storage.records import Case, ClockEvent, Letter

#: a letter of nothing but staff's words, which may go where nothing asked needs proof
FREE = "plain"
NEUTRAL, COMPLETE = "fits", "says"  #: what is ticked in a preview
TICKED = "yes"
#: "What we found: [[ … ]]": what staff are to fill
HEADING = re.compile(r"^([^\n\[\]]{3,120}?)\s*:\s*\[\[", re.MULTILINE)


def unproven(case: Case, kinds: Mapping[str, Kind]) -> bool:
    """Does nobody know yet that whoever asks is who they say?"""
    return case.verification is None or bool(unsettled(case, kinds))


def words_fault(name: str, written: Rendered, words: str, *, neutral: bool) -> str:
    """What bars these words of staff from going out at all, and the way out; "" = nothing.

    `neutral` = the letter must read the same whether we hold data or not.
    """
    if written.words and not words.strip():
        return "Without your words this letter does not say what it has to: write them."
    if "[[" in words:
        return "Write what stands in [[ ]], or take it out."
    if not spelt_out(name, words):
        return "The law wants the reasons: say why in a sentence of your own."
    return _told(words) if neutral else ""


def bar(letter: Letter, about: Matter) -> str:
    """Why this letter cannot go as the case stands now, a sentence; "" = it can."""
    if "[[" in f"{letter.subject}\n{letter.body}":
        return "A gap in [[ ]] is left in this letter: write it anew."
    neutral = must_be_neutral(letter.template, about.case, about.kinds)
    return (_told(letter.words) if neutral else "") or _lacks(letter, about)


def ticks(letter: Letter, about: Matter) -> tuple[Field, ...]:
    """What whoever sends it has to look at once more, each with a box to tick."""
    found = []
    if letter.words and must_be_neutral(letter.template, about.case, about.kinds):
        found.append(
            _box(
                NEUTRAL,
                "Nobody has proven who asks. Read your words as if we held data on them, "
                "and as if we held none.",
                "They fit both ways",
            )
        )
    if missing := _unsaid(letter, about):
        told = "; ".join(missing)
        found.append(
            _box(COMPLETE, f"Not found in your words: {told}.", "They say it in another way")
        )
    return tuple(found)


def must_be_neutral(name: str, case: Case, kinds: Mapping[str, Kind]) -> bool:
    """Must it read the same whether we hold data on the asker or not?"""
    neutral = templates.template(name).neutral or name == FREE
    return neutral and unproven(case, kinds)


def given(letter: Letter, about: Matter, language: str) -> dict[str, str]:
    """What is put into this letter beside the values that every letter has."""
    found = {}
    if letter.closing is not None:
        found["reason"] = letter.closing.reason
    if (more := letter.extending) is not None:
        event = ClockEvent(type="extend", at=about.now, reason=more.reason, until=more.until)
        after = timing.extended(about.about, about.case.received_at, event)
        found["reason"] = more.reason
        found["extended"] = long_date(after.due_on, language)
    if (wrong := letter_of(about.case, letter.replaces)) is not None:
        day = local_day(wrong.at, about.policy.timezone)
        found["replaced"] = long_date(day, language)
    return found


def _told(words: str) -> str:
    """What says whether we hold data on the asker, and the way out."""
    if not (said := tells(words)):
        return ""
    return (
        f"Nobody has proven who asks, and “{said}” says whether we hold data on them: "
        "say it in general words, or settle identity first."
    )


def _lacks(letter: Letter, about: Matter) -> str:
    """What the whole of it does not hold."""
    put_in = given(letter, about, letter.language)
    values = values_of(letter.template, about, letter.language, **put_in)
    found = list(unmet(letter.template, f"{letter.subject}\n{letter.body}", values))
    if not found:
        return ""
    what = ", ".join(dict.fromkeys(each.what for each in found))
    sources = ", ".join(dict.fromkeys(each.source for each in found))
    return f"As the case stands now this letter lacks {what} ({sources}): write it anew."


def _box(name: str, label: str, tick: str) -> Field:
    return Field(name=name, label=label, type="choices", options=((TICKED, tick),))


def _unsaid(letter: Letter, about: Matter) -> list[str]:
    """The headings of the template that staff's words do not fill, with the English beside them."""
    ours = HEADING.findall(write(letter.template, about, letter.language).words)
    english = HEADING.findall(write(letter.template, about, ENGLISH).words)
    filled = _filled(letter.words, tuple(map(_flat, ours)))
    pairs = zip(ours, english if len(english) == len(ours) else ours, strict=True)
    return [
        heading if heading == meant else f"{heading} ({meant})"
        for heading, meant in pairs
        if _flat(heading) not in filled
    ]


def _filled(words: str, headings: tuple[str, ...]) -> set[str]:
    """The headings with something below them that is not the next heading."""
    if not headings:
        return set()
    longest_first = sorted(headings, key=len, reverse=True)
    parts = re.split(rf"({'|'.join(map(re.escape, longest_first))})\s*:", _flat(words))
    below = zip(parts[1::2], parts[2::2], strict=True)
    return {heading for heading, said in below if re.search(r"\w", said)}


def _flat(text: str) -> str:
    return " ".join(text.split()).lower()

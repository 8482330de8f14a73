"""A letter as staff write it: their words, between those of the desk before and after. Pure."""

from handlers import lawful
from handlers.handler import Field, Moment
from handlers.letters.catalogue import Rendered, language_name
from handlers.letters.templates import ENGLISH, LANGUAGES
from handlers.letters.wording import Matter, write

#: what fits one text field of a form
FIELD = 3000


def matter_of(moment: Moment) -> Matter:
    """What a letter of this moment is about."""
    return Matter(
        case=moment.case,
        kinds=moment.kinds,
        policy=moment.policy,
        now=moment.now,
        request=moment.request.id if moment.request else None,
    )


def as_template(moment: Moment, name: str, **given: str) -> Rendered:
    """The letter as the template has it, for the request and the language of the form."""
    return write(name, matter_of(moment), language_of(moment), **given)


def language_of(moment: Moment) -> str:
    """The language chosen, else the requester's own where there are letters in it."""
    chosen = moment.form.get("language", "")
    if chosen in LANGUAGES:
        return chosen
    return moment.policy.letters.language_for(moment.case.language)


def fields(moment: Moment, name: str, **given: str) -> tuple[Field, ...]:
    """The letter: its language, what stands before staff's words, these, and what stands after."""
    written = as_template(moment, name, **given)
    return (
        *_language_fields(moment),
        Field(name="before", label="It begins:", type="note", initial=written.before),
        *_words_fields(_kept(moment, name) or written.words, optional=not written.words),
        Field(name="after", label="It ends:", type="note", initial=written.after),
    )


def words_of(moment: Moment, name: str, **given: str) -> str:
    """The words staff have written in the form; where it asked for none, those of the template."""
    if "body" in moment.form:
        parts = (moment.form.get(part, "").strip() for part in ("body", "body2"))
        return "\n\n".join(part for part in parts if part)
    return _kept(moment, name) or as_template(moment, name, **given).words


def faults(moment: Moment, name: str, **given: str) -> dict[str, str]:
    """What bars these words from going out, by field name."""
    written = as_template(moment, name, **given)
    neutral = lawful.must_be_neutral(name, moment.case, moment.kinds)
    words = words_of(moment, name, **given)
    found = lawful.words_fault(name, written, words, neutral=neutral)
    return {"body": found} if found else {}


def _kept(moment: Moment, name: str) -> str:
    """The clicker's own words in an unsent draft of this letter; "" = there are none."""
    draft = moment.draft
    same = draft and draft.template == name and draft.language == language_of(moment)
    return draft.words if draft and same else ""


def _words_fields(text: str, *, optional: bool) -> tuple[Field, ...]:
    """Staff's words in one field, or in two when they are longer than a field holds."""
    line = text.rfind("\n", 0, FIELD + 1)
    cut = len(text) if len(text) <= FIELD else line if line > 0 else FIELD
    label = "Your words, if any" if optional else "Your words"
    first = Field(name="body", label=label, type="paragraph", initial=text[:cut], optional=optional)
    if cut == len(text):
        return (first,)
    rest = text[cut:].strip("\n")[:FIELD]
    more = Field(
        name="body2", label="Your words, go on", type="paragraph", initial=rest, optional=True
    )
    return (first, more)


def _language_fields(moment: Moment) -> tuple[Field, ...]:
    """A choice of languages, for a requester who writes another than English."""
    if moment.policy.letters.language_for(moment.case.language) == ENGLISH:
        return ()
    named = tuple((code, language_name(code)) for code in LANGUAGES)
    return (
        Field(
            name="language",
            label="Language",
            type="choice",
            options=named,
            initial=language_of(moment),
            refreshes=True,
        ),
    )

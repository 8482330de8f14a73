"""A letter before it goes, as the requester will read it, and what its sender has to look at."""

from msgspec.structs import replace

from bot.slack import blocks, forms, views
from bot.slack.pointers import Pointer, encoded
from bot.slack.words import clean, counted, escape
from handlers.handler import Review


def review(answer: Review, pointer: Pointer) -> views.View:
    """The letter as the requester will read it. Nothing has gone out."""
    facts = f"To: {clean(answer.to)}\nSubject: {clean(answer.subject)}"
    minutes = answer.window // 60
    window = counted(minutes, "minute") if minutes else counted(answer.window, "second")
    shown = [
        blocks.context([f"Nothing has gone out. After *Send* you have {window} to undo."], "top"),
        blocks.literal(facts, "facts"),
        blocks.divider("line"),
        *views.literals(clean(answer.body), "body", 60),
    ]
    if answer.warning:
        shown.insert(1, blocks.context([f":warning: {escape(answer.warning)}"], "warning"))
    if answer.english:
        beside = "In English, as the template has it (this is not sent):"
        shown += [blocks.context([beside], "beside")]
        shown += views.literals(clean(answer.english), "english", 30)
    if (other := answer.beside) is not None:
        told = f"To: {clean(other.to)}\nSubject: {clean(other.subject)}"
        shown += [
            blocks.divider("line2"),
            blocks.context(["With it goes, sent and called back together:"], "with"),
            blocks.literal(told, "facts2"),
            *views.literals(clean(other.body), "body2", 10),
        ]
    for tick in answer.ticks:
        shown += forms.field_blocks(tick, answer.letter)
    to_send = replace(
        pointer, version=answer.case.version, action="send", value=answer.letter, way=""
    )
    return views.modal(
        "Preview",
        shown,
        callback_id=views.REVIEW,
        private_metadata=encoded(to_send),
        submit=blocks.plain("Send", 24),
        close=blocks.plain("Back", 24),
        clear_on_close=False,
    )

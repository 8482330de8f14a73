"""What managers read once a working day: one line that says all, figures, the most urgent."""

from bot.slack import blocks
from bot.slack.blocks import Block
from bot.slack.buttons import opener
from bot.slack.cards import Message
from bot.slack.words import counted, day, escape, joined, left, person
from storage.records import Digest, DigestLine

MOST = 10


def message(digest: Digest) -> Message:
    """Figures and references only; it goes out also when all is well."""
    said = first_line(digest)
    key = f"digest:{digest.day.isoformat()}"
    shown: list[Block] = [
        blocks.header(f"Privacy requests, {digest.day:%A} {day(digest.day)}", f"{key}:head"),
        blocks.section(f"*{said}*", f"{key}:first"),
        blocks.fields(_figures(digest)[:10], f"{key}:figures"),
        *([blocks.fields(rest, f"{key}:more figures")] if (rest := _figures(digest)[10:]) else []),
    ]
    shown += [_line(line, f"{key}:{line.ref}") for line in digest.urgent[:MOST]]
    if len(digest.urgent) > MOST:
        more = len(digest.urgent) - MOST
        shown.append(blocks.context([f"{more} more with `/privacy due`."], f"{key}:more"))
    if digest.stopped:
        many = counted(len(digest.stopped), "unsubscribe")
        said = f"{many} confirmed without a person: open one to look, and to take it back."
        shown.append(blocks.context([said], f"{key}:stopped"))
        shown += [_brief(line, f"{key}:stopped:{line.ref}") for line in digest.stopped[:MOST]]
    if digest.seal:
        shown.append(blocks.context([f"Journal seal {digest.seal}"], f"{key}:seal"))
    return {"text": f"Privacy requests today: {said}", "blocks": shown}


def first_line(digest: Digest) -> str:
    told = [
        f"{digest.overdue} overdue" if digest.overdue else "",
        f"{digest.due_soon} due within 7 days" if digest.due_soon else "",
        f"{digest.not_taken} not taken" if digest.not_taken else "",
        f"{counted(digest.held, 'held mail')}" if digest.held else "",
        f"{digest.triage} to sort" if digest.triage else "",
        f"{counted(digest.imported, 'imported mail')} to sort" if digest.imported else "",
        f"{counted(digest.dead, 'message')} could not be delivered" if digest.dead else "",
        f"{counted(digest.failed, 'mail')} could not be worked on" if digest.failed else "",
    ]
    urgent = [text for text in told if text]
    if urgent:
        return f"{joined(urgent)}, {digest.open} open in all."
    return f"All is well: nothing is overdue or due within 7 days, {digest.open} open."


def _figures(digest: Digest) -> list[tuple[str, str]]:
    return [
        ("Overdue", str(digest.overdue)),
        ("Due within 7 days", str(digest.due_soon)),
        ("Not taken", str(digest.not_taken)),
        ("Waiting for others", str(digest.waiting)),
        ("To sort", str(digest.triage)),
        ("Open", str(digest.open)),
        ("New since the last digest", str(digest.opened)),
        ("Closed since then", str(digest.closed)),
        ("Ignored mails", str(digest.ignored)),
        ("Released alone", str(digest.alone)),
        ("Not delivered", str(digest.dead)),
        ("Failed mails", str(digest.failed)),
        ("Imported, to sort", str(digest.imported)),
    ]


def _brief(line: DigestLine, block_id: str) -> Block:
    said = f"*{escape(line.ref)}* {escape(line.title)}"
    return blocks.section(said, block_id, opener(line.ref, line.version))


def _line(line: DigestLine, block_id: str) -> Block:
    sign = ":red_circle: " if line.days_left < 0 and line.standing is None else ""
    who = person(line.assignee) if line.assignee else "not taken"
    law = f" ({escape(line.law)})" if line.law else ""
    when = f"due {day(line.due_on)}{law}, {left(line.days_left)}"
    if line.standing is not None:
        when = f"paused for {counted(line.standing, 'day')}, without the pause {when}"
    said = f"{sign}*{escape(line.ref)}* {escape(line.title)}, {when}, {who}"
    return blocks.section(said, block_id, opener(line.ref, line.version))

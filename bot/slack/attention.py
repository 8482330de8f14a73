"""What needs a look on a case: new mail, held mail, letters that wait, failed or came back."""

from collections.abc import Iterator

from bot.slack import blocks, buttons
from bot.slack.blocks import Block
from bot.slack.scene import Scene
from bot.slack.words import counted, day, escape, moment
from handlers import earlier
from handlers.approvals import place_waits
from handlers.breaches import told
from handlers.handler import Offer
from handlers.suppressing import strangers
from handlers.verification import ENDS, may_end
from storage.records import Case, LetterState, OutboxStatus


def waits(letter: LetterState) -> bool:
    return letter.status is OutboxStatus.PENDING


def undo(scene: Scene, letter: LetterState) -> Offer | None:
    """The offer that calls this letter back."""
    offers = [o for o in scene.offers if o.action == "undo" and o.value in {"", letter.id}]
    return offers[0] if offers else None


def attention(scene: Scene) -> list[Block]:
    case = scene.case
    shown = [blocks.section(said, scene.id(key)) for key, said in _standing(case, scene.timezone)]
    told = [_letter(scene, each, scene.id(f"letter{n}")) for n, each in enumerate(case.letters)]
    shown += [block for blocks_of_one in told for block in blocks_of_one][-6:]
    return shown


def _standing(case: Case, timezone: str) -> Iterator[tuple[str, str]]:
    """What stands on the card until it is no longer so: a key, and the words."""
    if case.answered:
        yield "wrote", ":speech_balloon: *The requester answered*: *Show message* opens it."
    if case.breach:
        yield "breach", f":rotating_light: *Possible breach.* {told(case.breach, timezone)}"
    if case.held:
        waits_here = f"{counted(len(case.held), 'mail')} {'wait' if case.held[1:] else 'waits'}"
        said = f":mailbox_with_mail: *{waits_here}*: from another address, may belong here."
        yield "held", said
    if case.held_for:
        held_for = f"*{escape(case.held_for)}*"
        yield "heldfor", f":grey_question: May belong to {held_for}, from another address."
    yield from _undecided(case)
    if may_end(case):
        yield "unproven", f":hourglass: {ENDS}"
    if case.at_rest:
        said = ":inbox_tray: Imported: nothing goes out and nobody is reminded until it is sorted."
        yield "imported", said
    yield from _kept(case)


def _undecided(case: Case) -> Iterator[tuple[str, str]]:
    """What somebody else has to say."""
    if place_waits(case):
        said = ":busts_in_silhouette: *A later date* waits for a second person: *Second person*"
        yield "place", said
    if earlier.complains(case) and (found := earlier.shown(case)):
        refs = escape(", ".join(each.ref for each in found))
        said = (
            f":link: May be about *{refs}*: who closed it does not work on this one. *About what?*"
        )
        yield "earlier", said


def _kept(case: Case) -> Iterator[tuple[str, str]]:
    if case.still_mailed is not None:
        since = day(case.still_mailed.date())
        yield "mailed", f":warning: *Still mailed*, though on the do-not-mail list since {since}."
    if others := len(strangers(case)):
        said = (
            f":no_bell: *{counted(others, 'address')}* besides the asker's on the do-not-mail list,"
        )
        yield "unmailed", f"{said} not proven to be theirs: *Do-not-mail list* shows and undoes it."
    if case.legal_hold:
        yield "hold", ":lock: *Legal hold*: nothing of this is deleted."
    if case.restricted:
        yield "restricted", ":no_entry_sign: *Restricted*: the data are kept, not used."
    if case.linked:
        yield "linked", f":link: Belongs with *{escape(', '.join(case.linked))}*."
    if case.follows:
        yield "follows", f":link: Goes on from *{escape(case.follows)}*, closed long ago."


def _letter(scene: Scene, letter: LetterState, key: str) -> list[Block]:
    """A letter that waits, failed or came back; one that arrived needs no line of its own."""
    if waits(letter):
        offer = undo(scene, letter)
        beside = buttons.button(scene.case, offer, value=letter.id) if offer else None
        if letter.at > scene.now:
            at = moment(letter.at, scene.timezone, "{time}")
            return [blocks.section(f":envelope: Letter goes out at {at}.", key, beside)]
        return [blocks.section(":envelope: A letter is on its way out.", key, beside)]
    if letter.status is OutboxStatus.DEAD:
        return [blocks.section(":warning: A letter was *not delivered*. Write it anew.", key)]
    if letter.bounced:
        when = day(letter.at.date())
        return [blocks.section(f":warning: The letter of {when} *came back undelivered*.", key)]
    return []


def attention_words(scene: Scene) -> list[str]:
    case = scene.case
    told = [
        "The requester answered: open it" if case.answered else "",
        "Possible breach" if case.breach else "",
        f"{counted(len(case.held), 'mail')} may belong here" if case.held else "",
        f"May belong to {case.held_for}" if case.held_for else "",
        "May be about an earlier case" if earlier.complains(case) and earlier.shown(case) else "",
        ENDS.rstrip(".") if may_end(case) else "",
        "A later date waits for a second person" if place_waits(case) else "",
        "Imported, to be sorted" if case.at_rest else "",
        "Still mailed" if case.still_mailed is not None else "",
        "Addresses not proven to be theirs get no marketing" if strangers(case) else "",
        "Legal hold" if case.legal_hold else "",
        "Restricted" if case.restricted else "",
        f"Belongs with {', '.join(case.linked)}" if case.linked else "",
        f"Goes on from {case.follows}" if case.follows else "",
        "A letter waits to go out" if any(map(waits, case.letters)) else "",
        "A letter was not delivered" if any(map(_failed, case.letters)) else "",
    ]
    return [text for text in told if text]


def _failed(letter: LetterState) -> bool:
    return letter.status is OutboxStatus.DEAD or letter.bounced

"""What needs a look on a case: new mail, held mail, letters that wait, failed or came back."""

from bot.slack import blocks, buttons
from bot.slack.blocks import Block
from bot.slack.scene import Scene
from bot.slack.words import counted, day, escape, moment
from handlers.handler import Offer
from storage.records import LetterState, OutboxStatus


def waits(letter: LetterState) -> bool:
    return letter.status is OutboxStatus.PENDING


def undo(scene: Scene, letter: LetterState) -> Offer | None:
    """The offer that calls this letter back."""
    offers = [o for o in scene.offers if o.action == "undo" and o.value in {"", letter.id}]
    return offers[0] if offers else None


def attention(scene: Scene) -> list[Block]:
    case = scene.case
    shown = []
    if case.answered:
        said = ":speech_balloon: The requester wrote again: *Show message* opens it."
        shown.append(blocks.section(said, scene.id("wrote")))
    if case.held:
        waits = f":mailbox_with_mail: *{counted(len(case.held), 'mail')}* from another address "
        shown.append(blocks.section(f"{waits}may belong here.", scene.id("held")))
    if case.held_for:
        said = f":grey_question: May belong to *{escape(case.held_for)}*, from another address."
        shown.append(blocks.section(said, scene.id("heldfor")))
    if case.proposed is not None:
        said = ":busts_in_silhouette: *A later date* waits for a second person: *Later date?*"
        shown.append(blocks.section(said, scene.id("proposed")))
    if case.at_rest:
        said = ":inbox_tray: Imported: nothing goes out and nobody is reminded until it is sorted."
        shown.append(blocks.section(said, scene.id("imported")))
    if case.follows:
        said = f":link: Goes on from *{escape(case.follows)}*, closed long ago."
        shown.append(blocks.section(said, scene.id("follows")))
    told = [_letter(scene, each, scene.id(f"letter{n}")) for n, each in enumerate(case.letters)]
    shown += [block for blocks_of_one in told for block in blocks_of_one][-6:]
    return shown


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
        "The requester wrote again" if case.answered else "",
        f"{counted(len(case.held), 'mail')} may belong here" if case.held else "",
        f"May belong to {case.held_for}" if case.held_for else "",
        "A later date waits for a second person" if case.proposed else "",
        "Imported, to be sorted" if case.at_rest else "",
        f"Goes on from {case.follows}" if case.follows else "",
        "A letter waits to go out" if any(map(waits, case.letters)) else "",
        "A letter was not delivered" if any(map(_failed, case.letters)) else "",
    ]
    return [text for text in told if text]


def _failed(letter: LetterState) -> bool:
    return letter.status is OutboxStatus.DEAD or letter.bounced

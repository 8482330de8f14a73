"""What we posted about a case is taken out of Slack some days after its end.

The outbox is the ledger: each message about a case names it and keeps Slack's receipt. A message
of ours holds nothing personal, but what is over has no business in a channel that all of us read
(GDPR Art. 5(1)(e)). What people wrote themselves is theirs to delete: managers are told of it.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from handlers import retention
from handlers.commits import Commits
from storage.records import (
    Alarm,
    Card,
    Case,
    Commit,
    Letter,
    OutboxMessage,
    OutboxStatus,
    Posted,
    Record,
    Wipe,
)

#: how long the destruction of a case's content waits for a Slack that is away: the list of what
#: stands there goes with it
PATIENCE = timedelta(days=14)


class Standing(Record, frozen=True, kw_only=True):
    """A message of ours about a case, where it is in Slack."""

    at: Posted
    what: str  #: card, line, direct message, …
    root: bool = False


_WORDS = {"ThreadLine": "line", "DirectMessage": "direct message", "OwnerAsk": "owner's questions"}


def standing(messages: Sequence[OutboxMessage]) -> tuple[Standing, ...]:
    """Where messages of ours stand, each once; not those that were wiped since."""
    found: dict[Posted, Standing] = {}
    for message in messages:  # oldest first
        content, posted = message.content, message.posted
        if posted is None or isinstance(content, Letter):
            continue
        if isinstance(content, Wipe):
            found.pop(posted, None)
            continue
        name = type(content).__name__
        root = isinstance(content, Card | Alarm)
        found[posted] = Standing(at=posted, what=_WORDS.get(name, name.lower()), root=root)
    return tuple(found.values())


class Wiping(Commits):
    """Asks for it; the outbox does it, as it does all that touches Slack."""

    async def _wipe(self, ref: str, now: datetime, by: str) -> None:
        case = await self.store.case(ref)
        if case is None or not retention.leaves_slack(case, self.policy.slack_days, now):
            return
        messages = await self.store.messages_of(ref)
        asked = {m.content.at for m in messages if isinstance(m.content, Wipe) and not m.posted}
        wipes = [
            self.message(
                f"slack:wipe:{each.at.channel}",
                Wipe(case=ref, at=each.at, root=each.root),
                now,
                by,
            )
            for each in standing(messages)
            if each.at not in asked
        ]
        if wipes:  # the case is put as it is, so that this fails when it was opened again
            note = f"{len(wipes)} messages in Slack"
            commit = Commit(at=now, actor=by, act="wipe", case=ref, note=note, puts=(case, *wipes))
            await self.store.commit(commit)

    async def _still_listed(self, case: Case, now: datetime) -> bool:
        """Is something of it in Slack that may still be wiped?"""
        if case.card is None:
            return False
        wipes = [
            message
            for message in await self.store.messages_of(case.ref)
            if isinstance(message.content, Wipe) and message.status is OutboxStatus.PENDING
        ]
        return any(wipe.created_at + PATIENCE > now for wipe in wipes)

"""A busy day at the desk."""

import random
from datetime import timedelta
from typing import Any

from storage.embedded import EmbeddedStore
from storage.records import MailStatus, Mark, OutboxStatus, Suppression
from tests.storage.making import (
    HOUR,
    MINUTE,
    NOW,
    a_case,
    a_message,
    an_arrival,
    changed,
    closed,
    putting,
)


async def busy_day(store: EmbeddedStore, seed: int = 1, commits: int = 120) -> None:
    """Cases opened, answered, reminded and closed; letters claimed and sent; mail worked on."""
    chance = random.Random(seed)
    for number in range(commits):
        ref = f"PR-2026-{chance.randrange(30):04d}"
        case = await store.case(ref) or a_case(ref, message_ids=(f"<{ref}@example.org>",))
        case = changed(
            case,
            remind_at=chance.choice((None, NOW + chance.randrange(100) * HOUR)),
            requester_hash=f"hash {chance.randrange(5)}",
            message_ids=(*case.message_ids, f"<{number}@example.org>"),
        )
        lane = chance.choice(("slack:staff", f"mail:{ref}"))
        message = a_message(lane, case=ref, send_after=NOW + chance.randrange(-5, 5) * MINUTE)
        mail = await store.mails.append(an_arrival(chance.randbytes(50)))
        puts: list[Any] = [closed(case) if chance.random() < 0.3 else case, message]
        if chance.random() < 0.7:
            puts.append(changed(mail, status=chance.choice(list(MailStatus)), case=ref))
        await store.commit(putting(*puts, case=ref))
        claimed = await store.claim(NOW, timedelta(0))
        if claimed is not None and chance.random() < 0.6:
            status = chance.choice((OutboxStatus.SENT, OutboxStatus.DEAD))
            await store.commit(putting(changed(claimed, status=status), act="sent"))
    await store.commit(putting(Mark(id="m", at=NOW), act="digest"))
    gone = Suppression(hash="h", address="rosa@example.org", since=NOW, case="PR-2026-0001")
    await store.commit(putting(gone, act="suppress"))

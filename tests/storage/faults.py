"""Disks that fail, and a picture of all a store says."""

import errno
from pathlib import Path
from typing import Any

from storage.disk import Disk
from storage.records import MailStatus, OutboxStatus
from storage.store import Store
from tests.storage.making import HOUR, NOW


class FaultyDisk(Disk):
    """Counts syncs, and fails when told to."""

    def __init__(self) -> None:
        self.syncs = 0
        self.room: int | None = None  #: bytes that still fit; None = all
        self.full = errno.ENOSPC
        self.short = 0  #: at most so many bytes a write
        self.bad_sync = False
        self.bad_cut = False

    def write(self, fd: int, data: memoryview) -> int:
        if self.room is not None:
            if not self.room:
                raise OSError(self.full, "no room")
            data = data[: self.room]
            self.room -= len(data)
        return super().write(fd, data[: self.short] if self.short else data)

    def put(self, fd: int, data: bytes, offset: int) -> None:
        if self.room is not None:
            if self.room < len(data):
                raise OSError(self.full, "no room")
            self.room -= len(data)
        super().put(fd, data, offset)

    def sync(self, fd: int) -> None:
        self.syncs += 1
        if self.bad_sync:
            raise OSError(errno.EIO, "bad disk")
        super().sync(fd)

    def cut(self, fd: int, size: int) -> None:
        if self.bad_cut:
            raise OSError(errno.EIO, "bad disk")
        super().cut(fd, size)


async def everything(store: Store) -> dict[str, Any]:
    """All a store answers, to compare before and after."""
    cases = [case async for case in store.all_cases()]
    return {
        "cases": cases,
        "open": await store.cases(),
        "of requester": {c.ref: await store.cases_of(c.requester_hash) for c in cases},
        "with message": {m: await store.case_with_message(m) for c in cases for m in c.message_ids},
        "mails": [mail async for mail in store.all_mails()],
        "waiting": [mail async for mail in store.mails.waiting()],
        "mails with": {status: await store.mails_with(status) for status in MailStatus},
        "messages": {status: await store.messages_with(status) for status in OutboxStatus},
        "of case": {c.ref: await store.messages_of(c.ref) for c in cases},
        "remind": await store.cases_to_remind(NOW + 1000 * HOUR),
        "next remind": await store.next_remind_at(),
        "history": [entry async for entry in store.history()],
        "histories": {c.ref: [e async for e in store.history(c.ref)] for c in cases},
    }


def files(folder: Path) -> dict[str, bytes]:
    """Every file under a folder and what it holds."""
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }

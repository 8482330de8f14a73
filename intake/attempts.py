"""How often a mail was in hand when its worker or the desk itself died.

The file names the mails in hand by their ids and nothing else. It is never synced: it must
survive our death and not the machine's. What was in hand at two deaths is not tried again.
"""

import fcntl
import logging
import os
import re
from pathlib import Path

log = logging.getLogger(__name__)

_LINE = re.compile(r"([0-9a-zA-Z-]{1,64}) (\d{1,3})")
_END = "."  # what follows is left from a longer time
_LARGEST = 2**20  # bytes that are read; a line has some 25


class Attempts:
    """Counts in memory; the file says what would count if we died now."""

    def __init__(self, path: Path | None = None, most: int = 2) -> None:
        self.path = path
        self.most = most
        self._deaths: dict[str, int] = {}
        self._in_hand: set[str] = set()
        self._file: int | None = None
        if path is not None and (file := _opened(path)) is not None:
            self._deaths = _read(file)
            self._file = file

    def suspect(self, mail_id: str) -> bool:
        """Was it in hand at a death? Then it should be in hand alone at the next one."""
        return self._deaths.get(mail_id, 0) > 0

    def spent(self, mail_id: str) -> bool:
        """Not to be tried again."""
        return self._deaths.get(mail_id, 0) >= self.most

    def begin(self, mail_id: str) -> None:
        """In hand from now on."""
        self._in_hand.add(mail_id)
        self._write()

    def lost(self, mail_id: str) -> None:
        """A worker died over it."""
        self._deaths[mail_id] = self._deaths.get(mail_id, 0) + 1
        self.leave(mail_id)

    def leave(self, mail_id: str) -> None:
        """Not in hand any more, and nobody died."""
        self._in_hand.discard(mail_id)
        self._write()

    def end(self, mail_id: str) -> None:
        """Answered: all is forgotten."""
        self._deaths.pop(mail_id, None)
        self.leave(mail_id)

    def close(self) -> None:
        """Let go of the file; what it says stays."""
        if self._file is not None:
            os.close(self._file)
            self._file = None

    def _write(self) -> None:
        """In place, for a rename may wait for the disk; one write is not torn by our death."""
        if self._file is None:
            return
        named = {*self._deaths, *self._in_hand}
        counts = {name: self._deaths.get(name, 0) + (name in self._in_hand) for name in named}
        lines = [f"{name} {count}\n" for name, count in counts.items() if _LINE.match(name + " 1")]
        try:
            os.pwrite(self._file, f"{''.join(lines)}{_END}\n".encode(), 0)
        except OSError as fault:  # a full disk costs the count, not the mail
            log.warning("the file of mails in hand cannot be written: %s", fault.strerror)


def _opened(path: Path) -> int | None:
    """Ours alone: of two desks that share a folder, as they may with PostgreSQL, one counts."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as fault:
        log.warning("the file of mails in hand cannot be opened: %s", fault.strerror)
        return None
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(file)
        return None
    return file


def _read(file: int) -> dict[str, int]:
    """What was in hand when we died; a file that is torn counts nothing."""
    found: dict[str, int] = {}
    for line in os.pread(file, _LARGEST, 0).decode("ascii", "replace").splitlines():
        counted = _LINE.fullmatch(line)
        if counted is None:
            break
        found[counted.group(1)] = int(counted.group(2))
    return found

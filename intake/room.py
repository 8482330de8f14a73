"""What the disk has left: mail is turned away for now before nothing fits any more."""

import os
from pathlib import Path

_LOOK = 1.0  #: seconds between two looks, not one for each command
_RESERVE = 256 * 2**20
_SHARE = 20  #: on a small disk the reserve is no more than one part in so many


class Room:
    """The file system that holds `folder`; None = no disk of ours is filled.

    `reserve`: bytes that stay free for the journal, its snapshots and a way out; None = 256 MB,
    or a twentieth of the file system where that is less.
    """

    def __init__(self, folder: Path | None, reserve: int | None = None) -> None:
        self._folder = folder
        self._reserve = reserve
        self._spare: int | None = None
        self._looked: float | None = None

    def lacks(self, size: int, now: float) -> bool:
        """Would `size` bytes more touch the reserve? `now`: seconds of a clock that never jumps."""
        if self._folder is None:
            return False
        if self._looked is None or now - self._looked >= _LOOK:
            self._looked = now
            self._spare = spare(self._folder, self._reserve)
        return self._spare is not None and self._spare < size


def spare(folder: Path, reserve: int | None) -> int | None:
    """Bytes beyond the reserve, less than nothing when it is touched; None = cannot be told."""
    try:
        found = os.statvfs(folder)
    except OSError:
        return None  # whether a mail can be kept, the store will say
    if reserve is None:
        reserve = min(_RESERVE, found.f_blocks * found.f_frsize // _SHARE)
    return found.f_bavail * found.f_frsize - reserve

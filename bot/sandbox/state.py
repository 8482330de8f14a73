"""Keeping the workspace: one JSON line per change, flushed before the change is seen.

A flush hands the line to the kernel, which outlives a killed process. Power loss is not
promised here: this is a toy's state, and the desk's own store keeps its own promises.
"""

import fcntl
import os
import secrets
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import msgspec

from bot.sandbox.workspace import Json, Workspace


class State:
    """The workspace and the file it lives in."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.workspace = Workspace()
        self._watchers: list[Callable[[Json], None]] = []
        path = folder / "sandbox.jsonl"
        # 0600: the file holds the tokens
        handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
        self._file = os.fdopen(handle, "ab")
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            self._file.close()
            text = f"Another sandbox uses {folder}: stop it, or choose another --data."
            raise OSError(error.errno, text) from error
        self._replay(path)
        if not self.workspace.secrets:
            self.record({"kind": "secrets", "secrets": _new_secrets()})

    def _replay(self, path: Path) -> None:
        """Apply what is there; a line a killed process left unfinished is cut off."""
        content = path.read_bytes()
        whole = content.rfind(b"\n") + 1
        if whole < len(content):
            os.truncate(path, whole)
        for line in content[:whole].splitlines():
            self.workspace.apply(msgspec.json.decode(line))

    def watch(self, watcher: Callable[[Json], None]) -> None:
        """Call `watcher` with every change after it was kept and applied."""
        self._watchers.append(watcher)

    def record(self, change: Json) -> None:
        """Keep one change, apply it and tell the watchers."""
        self._file.write(msgspec.json.encode(change) + b"\n")
        self._file.flush()
        self.workspace.apply(change)
        for watcher in self._watchers:
            watcher(change)

    def next_ts(self, now: datetime) -> str:
        """A ts that no message of this workspace has, later than all of them."""
        wanted = int(now.timestamp() * 1_000_000)
        self.workspace.last_ts = max(wanted, self.workspace.last_ts + 1)
        return "{}.{:06d}".format(*divmod(self.workspace.last_ts, 1_000_000))

    def close(self) -> None:
        """Close the file."""
        self._file.close()


def _new_secrets() -> dict[str, str]:
    return {
        "bot_token": f"xoxb-{secrets.token_hex(16)}",
        "app_token": f"xapp-1-{secrets.token_hex(16)}",
        "signing_secret": secrets.token_hex(16),
        "verification": secrets.token_hex(12),
    }

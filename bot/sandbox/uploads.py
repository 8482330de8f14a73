"""Files the app has uploaded. Their bytes, and what is not complete, are gone after a restart."""

import secrets
from dataclasses import dataclass, field

from bot.sandbox.errors import SlackError
from bot.sandbox.seed import BOT_USER
from bot.sandbox.workspace import Json


@dataclass(slots=True)
class Upload:
    """One file of the app. `channels`: where it was shared; none = the app's alone."""

    id: str
    ticket: str
    name: str
    length: int
    alt_text: str
    content: bytes | None = None
    complete: bool = False
    channels: list[str] = field(default_factory=list)

    def shown(self) -> Json:
        """Slack's file object."""
        kind = self.name.rpartition(".")[2].lower()
        return {
            "id": self.id,
            "name": self.name,
            "title": self.name,
            "filetype": kind,
            "size": self.length,
            "user": BOT_USER,
            "alt_txt": self.alt_text,
            "channels": self.channels,
            "is_external": False,
            "mode": "hosted",
        }


class Files:
    """What the app has uploaded."""

    def __init__(self) -> None:
        self._files: dict[str, Upload] = {}

    def new(self, name: str, length: int, alt_text: str) -> Upload:
        """A place for so many bytes."""
        file_id, ticket = f"F{secrets.token_hex(5).upper()}", secrets.token_hex(12)
        made = Upload(id=file_id, ticket=ticket, name=name, length=length, alt_text=alt_text)
        self._files[file_id] = made
        return made

    def find(self, file_id: object) -> Upload:
        """Raises SlackError file_not_found."""
        found = self._files.get(str(file_id))
        if found is None:
            raise SlackError("file_not_found")
        return found

    def take(self, ticket: str, content: bytes) -> None:
        """The bytes, once and exactly as many as were announced. Raises SlackError."""
        for each in self._files.values():
            if each.ticket == ticket and each.content is None:
                if len(content) != each.length:
                    raise SlackError("length_mismatch")
                each.content = content
                return
        raise SlackError("invalid_upload_url")

    def remove(self, file_id: str) -> None:
        """Gone for everybody."""
        del self._files[file_id]

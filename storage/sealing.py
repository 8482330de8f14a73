"""The master key, and what is derived from it: keyed hashes and tags that cannot be forged.

The master key is 32 random bytes in base64, in a file of its own that only its owner may read.
Each use has a key of its own, so that a value made for one can never pass for another.
"""

import base64
import binascii
import hashlib
import hmac
import os
import secrets
from pathlib import Path

from storage.errors import KeyFileError

KEY_BYTES = 32
#: 16 base32 characters are 80 bits: out of reach of guessing, and short enough for the 64
#: octets of a local part (RFC 5321, 4.5.3.1.1) beside a reference or an id.
TAG_CHARACTERS = 16


class Keys:
    """Everything made with the master key. Never shows it."""

    __slots__ = ("_address", "_bounce", "_reply")

    def __init__(self, master: bytes) -> None:
        if len(master) != KEY_BYTES:
            raise KeyFileError(
                f"A master key is {KEY_BYTES} bytes, this one {len(master)}; "
                "make one with `desk key new FILE`."
            )
        self._address = _derive(master, "address hash")
        self._reply = _derive(master, "reply tag")
        self._bounce = _derive(master, "bounce tag")

    @classmethod
    def load(cls, path: Path) -> "Keys":
        """Read the master key file. Raises KeyFileError."""
        try:
            mode = path.stat().st_mode
            text = path.read_bytes()
        except FileNotFoundError:
            raise KeyFileError(
                f"There is no master key file {path}; make one with `desk key new {path}`."
            ) from None
        except OSError as error:
            raise KeyFileError(
                f"The master key file {path} cannot be read ({error.strerror}); "
                "let the desk's user own it."
            ) from None
        if mode & 0o077:
            raise KeyFileError(
                f"Others may read the master key file {path}; run `chmod 600 {path}`, or make "
                "another with `desk key new FILE`."
            )
        try:
            master = base64.b64decode(text.strip(), validate=True)
        except binascii.Error:
            master = b""
        if len(master) != KEY_BYTES:
            raise KeyFileError(
                f"{path} is not a master key (base64 of {KEY_BYTES} bytes); put the right file "
                "back, or for a new desk make one with `desk key new FILE`."
            )
        return cls(master)

    def address_hash(self, address: str) -> str:
        """Keyed hash of an address: 32 hex characters, the only way a requester is looked up."""
        plain = address.strip().lower().encode("utf-8", "surrogateescape")
        return hmac.digest(self._address, plain, "sha256")[:16].hex()

    def reply_tag(self, ref: str) -> str:
        """The plus-tag of a case's reply address: `c.pr-2026-0042.…` (RFC 5321 atext and dots)."""
        return _tag(self._reply, "c", ref.lower())

    def case_of_tag(self, tag: str) -> str | None:
        """The reference a reply tag stands for; None = forged or none of ours."""
        name = _opened(self._reply, "c", tag)
        return None if name is None else name.upper()

    def bounce_tag(self, letter_id: str) -> str:
        """The plus-tag of a letter's envelope sender (VERP): a bounce names its letter."""
        return _tag(self._bounce, "b", letter_id.lower())

    def letter_of_tag(self, tag: str) -> str | None:
        """The id of the letter a bounce tag stands for; None = forged or none of ours."""
        return _opened(self._bounce, "b", tag)


def new_key_file(path: Path) -> None:
    """Make a master key file of mode 0600. Raises KeyFileError; never overwrites one."""
    try:
        fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    except FileExistsError:
        raise KeyFileError(
            f"{path} exists already and is never overwritten; choose another name."
        ) from None
    except OSError as error:
        raise KeyFileError(
            f"The master key file {path} cannot be made ({error.strerror}); choose another folder."
        ) from None
    with os.fdopen(fd, "wb") as file:
        os.fchmod(file.fileno(), 0o600)  # a umask may only have taken bits away: give them back
        file.write(base64.b64encode(secrets.token_bytes(KEY_BYTES)) + b"\n")
        file.flush()
        os.fsync(file.fileno())


def _derive(master: bytes, use: str) -> bytes:
    return hmac.digest(master, use.encode(), hashlib.sha256)


def _tag(key: bytes, letter: str, name: str) -> str:
    """Lower case throughout: mail servers may fold the case of a local part."""
    mac = base64.b32encode(hmac.digest(key, name.encode(), "sha256")).decode().lower()
    return f"{letter}.{name}.{mac[:TAG_CHARACTERS]}"


def _opened(key: bytes, letter: str, tag: str) -> str | None:
    parts = tag.lower().split(".")
    if len(parts) != 3 or parts[0] != letter or not parts[1]:
        return None
    right = _tag(key, letter, parts[1]).encode()
    return parts[1] if hmac.compare_digest(right, tag.lower().encode("utf-8", "replace")) else None

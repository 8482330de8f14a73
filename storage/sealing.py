"""The master key, the data keys it wraps, sealed blobs, and keyed hashes and tags.

The master key is 32 random bytes in base64, in a file of its own that only its owner may read.
It wraps data keys and nothing else (AES-256-GCM, NIST SP 800-38D). Each data key lies in a
numbered slot of the keyring, and a blob names its slot, so whoever destroys the key in the slot
has destroyed every copy of what it sealed. Hashes and tags come from the secret in slot 0:
another master key wraps the same slots, and changes no hash.
"""

import base64
import binascii
import hashlib
import hmac
import os
import secrets
from collections.abc import Callable, Iterator
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from storage.errors import KeyFileError, StoreDamaged

KEY_BYTES = 32
SECRET_SLOT = 0  #: what hashes and tags are derived from
DESK_SLOT = 1  #: seals what belongs to no case
FIRST_SLOT = 2  #: of those that are given out
_WHOLE, _IN_PIECES = b"\x01", b"\x02"  #: the first byte of a blob
PIECE_BYTES = 256 * 1024  #: sealed at a time: sealing keeps the interpreter from all other threads
_LONG_BYTES = 4 * PIECE_BYTES  #: what is longer is sealed in pieces
_SLOT_BYTES = 8
_NONCE_BYTES = 12
_TAG_BYTES = 16
_HEAD_BYTES = 1 + _SLOT_BYTES + _NONCE_BYTES
#: 16 base32 characters are 80 bits: out of reach of guessing, and short enough for the 64
#: octets of a local part (RFC 5321, 4.5.3.1.1) beside a reference or an id.
TAG_CHARACTERS = 16


# --- the master key -------------------------------------------------------------------------


class MasterKey:
    """Wraps data keys. Never shows itself."""

    __slots__ = ("_aead",)

    def __init__(self, key: bytes) -> None:
        if len(key) != KEY_BYTES:
            raise KeyFileError(
                f"A master key is {KEY_BYTES} bytes, this one {len(key)}; "
                "make one with `desk key new FILE`."
            )
        self._aead = AESGCM(key)

    @classmethod
    def load(cls, path: Path) -> "MasterKey":
        """Read the master key file. Raises KeyFileError."""
        try:
            found = path.stat()
            text = path.read_bytes()
        except FileNotFoundError:
            raise KeyFileError(
                f"There is no master key file {path}; put yours there, or for a new desk make one "
                f"with `desk key new {path}`."
            ) from None
        except OSError as error:
            raise KeyFileError(
                f"The master key file {path} cannot be read ({error.strerror}); "
                "let the desk's user own it."
            ) from None
        if found.st_uid not in {os.geteuid(), 0}:
            raise KeyFileError(
                f"The master key file {path} belongs to another user, who can change it; run "
                f"`chown {os.geteuid()} {path}`."
            )
        if found.st_mode & 0o077:
            raise KeyFileError(
                f"Others may read the master key file {path}; run `chmod 600 {path}`, or make "
                "another with `desk key new FILE`."
            )
        try:
            key = base64.b64decode(text.strip(), validate=True)
        except binascii.Error:
            key = b""
        if len(key) != KEY_BYTES:
            raise KeyFileError(
                f"{path} is not a master key (base64 of {KEY_BYTES} bytes); put the right file "
                "back, or for a new desk make one with `desk key new FILE`."
            )
        return cls(key)

    def wrap(self, slot: int, key: bytes) -> bytes:
        """60 bytes: nonce, and the data key sealed for this slot alone."""
        nonce = os.urandom(_NONCE_BYTES)
        return nonce + self._aead.encrypt(nonce, key, _number(slot))

    def unwrap(self, slot: int, wrapped: bytes) -> bytes:
        """The data key. Raises KeyFileError when another key wrapped it."""
        try:
            nonce, sealed = wrapped[:_NONCE_BYTES], wrapped[_NONCE_BYTES:]
            return self._aead.decrypt(nonce, sealed, _number(slot))
        except InvalidTag:
            raise KeyFileError(
                "The master key does not open this desk's keyring; set DESK_MASTER_KEY_FILE to "
                "the key it was made with, or run `desk key rotate` again if that was interrupted."
            ) from None


# --- sealed blobs ---------------------------------------------------------------------------


#: the data key of a slot; None = shredded
KeyOf = Callable[[int], bytes | None]


class DataKey(NamedTuple):
    """A key, and the slot whose number goes on all it seals."""

    slot: int
    key: bytes


def new_key() -> bytes:
    return secrets.token_bytes(KEY_BYTES)


def seal(key: DataKey, plain: bytes, about: bytes = b"") -> bytes:
    """`plain` under a key; it opens only with the same `about` (where it belongs).

    Format, slot (8 bytes), nonce (12), ciphertext and tag (16); what is long has a nonce, a
    ciphertext and a tag for each of its pieces, bound to their number and to which is the last.
    """
    if len(plain) > _LONG_BYTES:
        return _sealed_in_pieces(key, plain, about)
    head = _WHOLE + _number(key.slot)
    nonce = os.urandom(_NONCE_BYTES)
    return head + nonce + _aead(key.key).encrypt(nonce, plain, head + about)


def _sealed_in_pieces(key: DataKey, plain: bytes, about: bytes) -> bytes:
    head, aead = _IN_PIECES + _number(key.slot), _aead(key.key)
    blob = [head]
    for start in range(0, len(plain), PIECE_BYTES):
        last = start + PIECE_BYTES >= len(plain)
        nonce = os.urandom(_NONCE_BYTES)
        bound = _bound(head, start, last, about)
        blob += [nonce, aead.encrypt(nonce, plain[start : start + PIECE_BYTES], bound)]
    return b"".join(blob)


def _bound(head: bytes, start: int, last: bool, about: bytes) -> bytes:
    return head + _number(start) + (b"\x01" if last else b"\x00") + about


def slot_of(blob: bytes) -> int:
    """The slot of the key that opens a blob. Raises StoreDamaged."""
    if len(blob) < _HEAD_BYTES or blob[:1] not in {_WHOLE, _IN_PIECES}:
        raise StoreDamaged(_NOT_OURS)
    return int.from_bytes(blob[1 : 1 + _SLOT_BYTES])


def unseal(key: bytes, blob: bytes, about: bytes = b"") -> bytes:
    """What was sealed. Raises StoreDamaged when it is not what was sealed, or not there."""
    slot_of(blob)
    head, nonce = blob[: 1 + _SLOT_BYTES], blob[1 + _SLOT_BYTES : _HEAD_BYTES]
    try:
        if head[:1] == _IN_PIECES:
            return b"".join(_pieces(_aead(key), blob, head, about))
        return _aead(key).decrypt(nonce, blob[_HEAD_BYTES:], head + about)
    except InvalidTag:
        raise StoreDamaged(_NOT_OURS) from None


def _pieces(aead: AESGCM, blob: bytes, head: bytes, about: bytes) -> Iterator[bytes]:
    size = _NONCE_BYTES + PIECE_BYTES + _TAG_BYTES
    for number, at in enumerate(range(len(head), len(blob), size)):
        nonce, sealed = blob[at : at + _NONCE_BYTES], blob[at + _NONCE_BYTES : at + size]
        bound = _bound(head, number * PIECE_BYTES, at + size >= len(blob), about)
        yield aead.decrypt(nonce, sealed, bound)


_NOT_OURS = (
    "Something sealed is not what was written there; run `desk verify` to see where, and put the "
    "newest backup in its place (`desk restore DIR`)."
)


@lru_cache(maxsize=1024)
def _aead(key: bytes) -> AESGCM:
    return AESGCM(key)


def _number(slot: int) -> bytes:
    return slot.to_bytes(_SLOT_BYTES)


# --- hashes and tags ------------------------------------------------------------------------


#: no vowels, so that no code is a word, and nothing that looks like something else
CODE_SIGNS = "23456789BCDFGHJKLMNPQRSTVWXZ"


class Keys:
    """Hashes and tags that nobody can make without the desk's secret. Never shows it."""

    __slots__ = ("_address", "_bounce", "_canary", "_code", "_print", "_reply", "fingerprint")

    def __init__(self, secret: bytes) -> None:
        self._address = _derive(secret, "address hash")
        self._reply = _derive(secret, "reply tag")
        self._bounce = _derive(secret, "bounce tag")
        self._canary = _derive(secret, "canary tag")
        self._code = _derive(secret, "proof code")
        self._print = _derive(secret, "fingerprint")
        # a case brings the Message-IDs of its conversation at each commit
        self.fingerprint = lru_cache(maxsize=4096)(self._fingerprint)

    def _fingerprint(self, *parts: str) -> str:
        """16 hex characters that stand for some text: enough to find it, then it is compared."""
        text = "\0".join(parts).encode("utf-8", "surrogatepass")
        return hashlib.blake2b(text, digest_size=8, key=self._print).hexdigest()

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

    def code(self, letter_id: str) -> str:
        """The code a letter carries: `4KFT-XM7Q`, some 38 bits."""
        number = int.from_bytes(hmac.digest(self._code, letter_id.encode(), "sha256"))
        signs = []
        for _ in range(8):
            number, place = divmod(number, len(CODE_SIGNS))
            signs.append(CODE_SIGNS[place])
        return f"{''.join(signs[:4])}-{''.join(signs[4:])}"

    def is_code(self, letter_id: str, given: str) -> bool:
        """Compared in constant time."""
        return hmac.compare_digest(self.code(letter_id).encode(), given.upper().encode())

    def canary_tag(self, canary_id: str) -> str:
        """What marks a mail as our own canary (storage.records.new_id)."""
        return _tag(self._canary, "y", canary_id.lower())

    def canary_of_tag(self, tag: str) -> str | None:
        """The id of the canary a tag stands for; None = forged or none of ours."""
        return _opened(self._canary, "y", tag)


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

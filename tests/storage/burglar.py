"""Somebody who has the master key and every file, and opens whatever can be opened.

Uses none of the store's readers: every key in every keyring, tried on every byte of every file
where something sealed may begin, and on all that is base64 in it or in what came out of it.
Without knowing where a sealed text ends one cannot check its seal; one can read it all the same.
"""

import base64
import re
from collections.abc import Iterator
from pathlib import Path

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from storage.errors import KeyFileError
from storage.sealing import MasterKey

SLOT, WRAPPED = 64, 60
_BASE64 = re.compile(rb"[A-Za-z0-9+/]{40,}={0,2}")
_SEALED = re.compile(rb"(?=[\x01\x02](\0{5}.{3})(.{12}))", re.DOTALL)
_MOST = 256 * 1024  #: bytes read behind the start of something sealed


def keys_in(folder: Path, master: MasterKey) -> dict[int, set[bytes]]:
    """By slot, every data key that the master key can open in a file called keyring."""
    keys: dict[int, set[bytes]] = {}
    for path in folder.rglob("keyring*"):
        data = path.read_bytes()
        for at in range(SLOT, len(data), SLOT):
            slot = at // SLOT - 1
            try:
                key = master.unwrap(slot, data[at + SLOT - WRAPPED : at + SLOT])
            except KeyFileError:
                continue
            keys.setdefault(slot, set()).add(key)
    return keys


def opened(data: bytes, keys: dict[int, set[bytes]], depth: int = 3) -> Iterator[bytes]:
    """All that can be read in some bytes: themselves, and what is sealed in them."""
    yield data
    if not depth:
        return
    for found in _BASE64.finditer(data):
        for start in range(4):  # where the first letter of base64 is, nobody says
            text = found[0].rstrip(b"=")[start:]
            yield from _unsealed(base64.b64decode(text[: len(text) // 4 * 4]), keys, depth)
    yield from _unsealed(data, keys, depth)


def _unsealed(data: bytes, keys: dict[int, set[bytes]], depth: int) -> Iterator[bytes]:
    for found in _SEALED.finditer(data):
        for key in keys.get(int.from_bytes(found[1]), ()):
            # GCM is counter mode, and its text begins with block 2 (SP 800-38D, 7.1).
            cipher = Cipher(algorithms.AES(key), modes.CTR(found[2] + (2).to_bytes(4))).decryptor()
            start = found.start() + 21
            yield from opened(cipher.update(data[start : start + _MOST]), keys, depth - 1)


def found(folder: Path, master: MasterKey, words: dict[str, bytes]) -> set[str]:
    """Which of these words stand anywhere under a folder, in clear or sealed."""
    keys = keys_in(folder, master)
    left = dict(words)
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            for text in opened(path.read_bytes(), keys):
                for name in [name for name, word in left.items() if word in text]:
                    del left[name]
    return words.keys() - left.keys()

import base64
import os
import re
import stat
from pathlib import Path

import pytest

from storage.errors import KeyFileError, StoreDamaged
from storage.sealing import (
    PIECE_BYTES,
    DataKey,
    Keys,
    MasterKey,
    new_key,
    new_key_file,
    seal,
    slot_of,
    unseal,
)

KEYS = Keys(bytes(range(32)))
OTHER = Keys(bytes(32))


def test_a_new_key_file_is_private_and_loads(tmp_path: Path) -> None:
    path = tmp_path / "master.key"
    new_key_file(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert len(base64.b64decode(path.read_bytes())) == 32
    wrapped = MasterKey.load(path).wrap(3, bytes(32))
    assert MasterKey.load(path).unwrap(3, wrapped) == bytes(32)


def test_a_key_file_is_never_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "master.key"
    path.write_text("precious")
    with pytest.raises(KeyFileError, match="never overwritten"):
        new_key_file(path)
    assert path.read_text() == "precious"


def test_a_strict_umask_still_lets_the_owner_read(tmp_path: Path) -> None:
    before = os.umask(0o777)
    try:
        new_key_file(tmp_path / "master.key")
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "master.key").stat().st_mode) == 0o600


def test_a_key_file_in_no_folder_says_so(tmp_path: Path) -> None:
    with pytest.raises(KeyFileError, match="cannot be made"):
        new_key_file(tmp_path / "missing" / "master.key")


def test_a_missing_key_file_names_the_way_out(tmp_path: Path) -> None:
    with pytest.raises(KeyFileError, match="desk key new"):
        MasterKey.load(tmp_path / "master.key")


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o644, 0o610])
def test_a_key_file_others_may_touch_is_refused(tmp_path: Path, mode: int) -> None:
    path = tmp_path / "master.key"
    new_key_file(path)
    path.chmod(mode)
    with pytest.raises(KeyFileError, match="chmod 600"):
        MasterKey.load(path)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file away")
def test_a_key_file_of_another_user_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "master.key"
    new_key_file(path)
    os.chown(path, 12345, -1)
    with pytest.raises(KeyFileError, match="belongs to another user"):
        MasterKey.load(path)


@pytest.mark.parametrize(
    "text",
    [b"", b"not base64 at all!", base64.b64encode(b"short"), base64.b64encode(bytes(33)), b"\xff"],
)
def test_what_is_no_master_key_is_refused(tmp_path: Path, text: bytes) -> None:
    path = tmp_path / "master.key"
    path.touch(mode=0o600)
    path.write_bytes(text)
    with pytest.raises(KeyFileError, match="is not a master key"):
        MasterKey.load(path)


def test_a_folder_is_no_key_file(tmp_path: Path) -> None:
    with pytest.raises(KeyFileError, match="cannot be read"):
        MasterKey.load(tmp_path)


def test_keys_do_not_show_the_master_key() -> None:
    secret = bytes(range(32))
    derived = [getattr(KEYS, name) for name in Keys.__slots__]
    assert not any(secret in each for each in derived if isinstance(each, bytes))
    assert secret.hex() not in repr(KEYS) + repr(MasterKey(secret)) + repr(derived)


def test_an_address_hash_is_the_same_in_any_case_and_differs_by_key() -> None:
    one = KEYS.address_hash("Rosa.Diaz@Example.ORG")
    assert re.fullmatch(r"[0-9a-f]{32}", one)
    assert one == KEYS.address_hash(" rosa.diaz@example.org ")
    assert one != KEYS.address_hash("rosa.diez@example.org")
    assert one != OTHER.address_hash("rosa.diaz@example.org")


def test_a_reply_tag_leads_back_to_its_case() -> None:
    tag = KEYS.reply_tag("PR-2026-0042")
    assert re.fullmatch(r"c\.pr-2026-0042\.[a-z2-7]{16}", tag)
    assert KEYS.case_of_tag(tag) == "PR-2026-0042"
    assert KEYS.case_of_tag(tag.upper()) == "PR-2026-0042"


def test_a_bounce_tag_leads_back_to_its_letter() -> None:
    letter = "01a19b7ca68006c1337a"
    tag = KEYS.bounce_tag(letter)
    assert tag.startswith(f"b.{letter}.")
    assert KEYS.letter_of_tag(tag) == letter
    assert len(f"compliance+{tag}") <= 64


def test_a_forged_tag_leads_nowhere() -> None:
    tag = KEYS.reply_tag("PR-2026-0042")
    mac = tag.rpartition(".")[2]
    forged = [
        f"c.pr-2026-0043.{mac}",
        f"c.pr-2026-0042.{mac[:-1]}",
        f"c.pr-2026-0042.{mac}a",
        "c.pr-2026-0042.",
        "c.pr-2026-0042",
        f"c..{mac}",
        f"b.pr-2026-0042.{mac}",
        "",
        "c.pr-2026-0042.ünïcode",
        "c.pr-2026-0042.\udcff",
    ]
    assert [KEYS.case_of_tag(each) for each in forged] == [None] * len(forged)
    assert OTHER.case_of_tag(tag) is None
    assert KEYS.letter_of_tag(tag) is None


def test_the_two_kinds_of_tag_have_keys_of_their_own() -> None:
    name = "pr-2026-0042"
    swapped = "b" + KEYS.reply_tag(name)[1:]
    assert KEYS.letter_of_tag(swapped) is None


# --- sealed blobs ---------------------------------------------------------------------------

DATA_KEY = DataKey(7, new_key())
LONG = 4 * PIECE_BYTES


@pytest.mark.parametrize("size", [0, 1, 1500, LONG, LONG + 1, LONG + PIECE_BYTES, LONG + 12345])
def test_what_is_sealed_opens_for_its_place_alone(size: int) -> None:
    plain = os.urandom(size)
    blob = seal(DATA_KEY, plain, b"here")
    assert slot_of(blob) == 7
    assert unseal(DATA_KEY.key, blob, b"here") == plain
    for key, about in ((new_key(), b"here"), (DATA_KEY.key, b"there"), (DATA_KEY.key, b"")):
        with pytest.raises(StoreDamaged):
            unseal(key, blob, about)


def test_no_piece_can_be_left_out_swapped_or_doubled() -> None:
    blob = seal(DATA_KEY, os.urandom(LONG + 5), b"here")
    step = PIECE_BYTES + 28
    head, pieces = blob[:9], [blob[at : at + step] for at in range(9, len(blob), step)]
    one, two, *rest = pieces
    wrong = ([two, one, *rest], [one, *rest], [one, one, two, *rest], pieces[:-1], [*pieces, b""])
    for order in wrong[:-1]:
        with pytest.raises(StoreDamaged):
            unseal(DATA_KEY.key, head + b"".join(order), b"here")
    assert len(unseal(DATA_KEY.key, head + b"".join(wrong[-1]), b"here")) == LONG + 5


@pytest.mark.parametrize("at", [0, 1, 8, 9, 20, 21, 1000, -1])
@pytest.mark.parametrize("size", [1500, LONG + 1])
def test_a_bit_turned_anywhere_is_noticed(at: int, size: int) -> None:
    blob = bytearray(seal(DATA_KEY, bytes(size)))
    blob[at] ^= 1
    with pytest.raises(StoreDamaged):
        unseal(DATA_KEY.key, bytes(blob))

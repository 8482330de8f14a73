import asyncio
import threading
from pathlib import Path

import pytest

from storage import mails
from storage.embedded import open_store
from storage.errors import StoreDamaged
from storage.mails import Mark, Segment, record_of, scan, segment_path, segments
from storage.records import InboundMail, MailStatus
from storage.sealing import DataKey
from storage.snapshot import FILE
from tests.storage.faults import FaultyDisk, everything, files
from tests.storage.making import MASTER, MINUTE, NOW, a_case, an_arrival, changed, putting

KEY = DataKey(7, bytes(32))


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return tmp_path / "data"


async def filled(data: Path, count: int = 3) -> list[InboundMail]:
    store = await open_store(data, MASTER)
    found = [
        await store.mails.append(an_arrival(b"mail %d" % n, received_at=NOW + n * MINUTE))
        for n in range(count)
    ]
    await store.close()
    return found


def first_segment(data: Path) -> Path:
    return segment_path(data / "mails", 1)


async def test_many_at_once_share_their_syncs(data: Path) -> None:
    disk = FaultyDisk()
    store = await open_store(data, MASTER, disk=disk)
    before = disk.syncs
    await asyncio.gather(*(store.mails.append(an_arrival(b"%d" % n)) for n in range(200)))
    assert disk.syncs - before < 100
    await store.close()


async def test_a_large_mail_is_hashed_beside_the_event_loop(
    data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    threads = []

    def noted(mail: InboundMail, content: bytes, key: DataKey, synced: Mark) -> bytes:
        threads.append(threading.current_thread())
        return record_of(mail, content, key, synced)

    monkeypatch.setattr(mails, "record_of", noted)
    store = await open_store(data, MASTER)
    large = await store.mails.append(an_arrival(b"x" * 2**20))
    await store.mails.append(an_arrival(b"small"))
    assert [thread is threading.main_thread() for thread in threads] == [False, True]
    assert await store.mails.raw(large.id) == b"x" * 2**20
    await store.close()


async def test_segments_roll_and_all_of_them_are_read(
    data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mails, "SEGMENT_BYTES", 1000)
    kept = await filled(data, 20)
    assert len(segments(data / "mails")) > 3
    assert max(len(held) for name, held in files(data).items() if ".log" in name) < 2000
    store = await open_store(data, MASTER)
    for number, mail in enumerate(kept):
        assert await store.mails.raw(mail.id) == b"mail %d" % number
    more = await asyncio.gather(*(store.mails.append(an_arrival(b"%d" % n)) for n in range(30)))
    for number, mail in enumerate(more):
        assert await store.mails.raw(mail.id) == b"%d" % number
    await store.close()
    (data / FILE).unlink()
    again = await open_store(data, MASTER)
    assert {m.id async for m in again.all_mails()} == {mail.id for mail in (*kept, *more)}
    await again.close()


@pytest.mark.parametrize("cut", [1, 2, 20, 60, 200, 240])
async def test_a_torn_end_is_set_aside(data: Path, cut: int) -> None:
    kept = await filled(data)
    whole = first_segment(data).read_bytes()
    start = whole.rindex(b"mail 2 ")
    assert start < len(whole) - cut
    first_segment(data).write_bytes(whole[:-cut])
    with pytest.raises(StoreDamaged, match="lost mails"):  # the snapshot knows it was whole
        await open_store(data, MASTER)
    (data / FILE).unlink()
    before = files(data)
    reader = await open_store(data, MASTER, read_only=True)
    assert [mail.id async for mail in reader.mails.waiting()] == [kept[0].id, kept[1].id]
    assert files(data) == before

    store = await open_store(data, MASTER)
    assert (data / "mails" / f"00000001.torn-{start}").read_bytes() == whole[start:-cut]
    new = await store.mails.append(an_arrival(b"after"))
    assert [mail.id async for mail in store.all_mails()] == sorted([kept[0].id, kept[1].id, new.id])
    assert await store.mails.raw(new.id) == b"after"
    await store.close()


@pytest.mark.parametrize("written", [0, 10, 150])
async def test_zeros_left_by_a_power_cut_are_a_torn_end(data: Path, written: int) -> None:
    kept = await filled(data)
    (data / FILE).unlink()
    whole = first_segment(data).read_bytes()
    torn = whole[: whole.index(b"\nmail 2 ", 1)][:written] + bytes(70_000)
    if written == 150:  # a whole header, and zeros to the very end of its body
        mail = record_of(kept[0], b"x" * 60_000, KEY, Mark())
        torn = mail[:written] + bytes(len(mail) - written)
    first_segment(data).write_bytes(whole + torn)
    store = await open_store(data, MASTER)
    assert [mail async for mail in store.all_mails()] == kept
    assert (data / "mails" / f"00000001.torn-{len(whole)}").read_bytes() == torn
    await store.close()


@pytest.mark.parametrize("at", [0, 3, 30, 70])
async def test_a_damaged_header_stops_the_start(data: Path, at: int) -> None:
    await filled(data)
    whole = bytearray(first_segment(data).read_bytes())
    whole[at] ^= 1
    first_segment(data).write_bytes(whole)
    with pytest.raises(StoreDamaged, match=r"byte 0 of mails/00000001\.log .*desk restore"):
        await open_store(data, MASTER)
    assert first_segment(data).read_bytes() == whole


async def test_a_damaged_length_of_the_last_mail_is_not_taken_for_a_torn_end(data: Path) -> None:
    kept = await filled(data, 1)
    whole = first_segment(data).read_bytes()
    length = whole.split()[4]
    first_segment(data).write_bytes(whole.replace(b" %b " % length, b" %d " % (int(length) + 99)))
    with pytest.raises(StoreDamaged):
        await open_store(data, MASTER)
    assert kept


async def test_a_newer_format_names_its_number(data: Path) -> None:
    await filled(data, 1)
    mail = InboundMail(
        id="0" * 20,
        received_at=NOW,
        mail_from="",
        rcpt_to=(),
        peer="",
        sha256="",
        size=0,
    )
    newer = record_of(mail, b"", KEY, Mark()).replace(b"mail 2 ", b"mail 7 ")
    line = newer.split(b"\n")[0][:-9]
    checked = b"%b %08x\n%b" % (line, mails.zlib.crc32(line), newer.partition(b"\n")[2])
    with first_segment(data).open("ab") as file:
        file.write(checked)
    with pytest.raises(StoreDamaged, match="format 7"):
        await open_store(data, MASTER)


async def test_damaged_content_is_never_given_out(data: Path) -> None:
    (mail,) = await filled(data, 1)
    whole = first_segment(data).read_bytes()
    first_segment(data).write_bytes(whole[:-2] + bytes([whole[-2] ^ 1]) + b"\n")
    store = await open_store(data, MASTER)
    with pytest.raises(StoreDamaged):
        await store.mails.raw(mail.id)
    await store.close()


@pytest.mark.parametrize("number", [1, 2, 3])
@pytest.mark.parametrize("snapshot", [True, False])
async def test_a_missing_segment_stops_the_start(
    data: Path, monkeypatch: pytest.MonkeyPatch, number: int, snapshot: bool
) -> None:
    monkeypatch.setattr(mails, "SEGMENT_BYTES", 1)
    await filled(data, 3)
    segment_path(data / "mails", number).unlink()
    if snapshot:
        with pytest.raises(StoreDamaged, match="missing"):
            await open_store(data, MASTER)
    elif number == 2:
        (data / FILE).unlink()
        with pytest.raises(StoreDamaged, match="missing"):
            await open_store(data, MASTER)


async def test_a_segment_that_lost_its_end_stops_the_start(data: Path) -> None:
    store = await open_store(data, MASTER)
    mail = await store.mails.append(an_arrival())
    await store.commit(putting(a_case(), changed(mail, status=MailStatus.PROCESSED)))
    await store.close()
    first_segment(data).write_bytes(b"")
    with pytest.raises(StoreDamaged, match="middle of a mail"):
        await open_store(data, MASTER)


async def test_the_low_water_mark_bounds_what_a_start_reads(
    data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = await open_store(data, MASTER)
    for number in range(50):
        mail = await store.mails.append(an_arrival(b"%d" % number))
        await store.commit(putting(changed(mail, status=MailStatus.IGNORED)))
    waiting = await store.mails.append(an_arrival(b"waiting"))
    await store.close()

    looked_at: list[int] = []
    header = Segment.header
    monkeypatch.setattr(
        Segment, "header", lambda self, offset: looked_at.append(offset) or header(self, offset)
    )
    store = await open_store(data, MASTER)
    assert len(looked_at) <= 2  # the waiting one: its header, then its envelope
    assert [mail async for mail in store.mails.waiting()] == [waiting]
    await store.close()


def test_a_mark_is_one_number_and_back() -> None:
    for mark in (Mark(), Mark(1, 1), Mark(99_999_999, (1 << 40) - 1)):
        assert Mark.unpacked(mark.packed()) == mark


def test_an_empty_folder_holds_nothing(tmp_path: Path) -> None:
    assert scan(tmp_path, Mark()) == mails.Scan({}, Mark(), 0)


async def test_hundreds_of_recipients_fit(data: Path) -> None:
    store = await open_store(data, MASTER)
    many = tuple(f"recipient-{n}@example.com" for n in range(1000))
    mail = await store.mails.append(an_arrival(b"x" * 100_000, rcpt_to=many))
    await store.close()
    (data / FILE).unlink()
    store = await open_store(data, MASTER)
    assert await store.mail(mail.id) == mail
    assert len(await store.mails.raw(mail.id)) == 100_000
    await store.close()


async def test_where_mails_lie_survives_with_and_without_a_snapshot(data: Path) -> None:
    store = await open_store(data, MASTER)
    for number in range(5):
        mail = await store.mails.append(an_arrival(b"%d" % number, received_at=NOW))
        if number % 2:
            await store.commit(putting(changed(mail, status=MailStatus.IGNORED)))
    before = await everything(store)
    raws = {mail.id: await store.mails.raw(mail.id) for mail in before["mails"]}
    await store.close()
    for snapshot in (True, False):
        if not snapshot:
            (data / FILE).unlink()
        store = await open_store(data, MASTER)
        assert await everything(store) == before
        assert {mail: await store.mails.raw(mail) for mail in raws} == raws
        await store.close()

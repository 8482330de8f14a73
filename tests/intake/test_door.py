"""What all sessions share: who is counted with whom, who may come in, how much room is left."""

import os
from ipaddress import ip_network
from pathlib import Path

import pytest

from intake import room
from intake.door import STRANGER, TOO_MANY, Door, ListenerOptions, household
from intake.room import Room, spare
from tests.intake.fakes import OWN, MemoryMails, StillClock


def door(**options: object) -> Door:
    return Door(MemoryMails(), StillClock(), ListenerOptions(addresses=OWN, **options))


@pytest.mark.parametrize(
    ("peer", "home"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::1", "2001:db8:1:2::/64"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("fe80::1%eth0", "fe80::/64"),
        ("", ""),
    ],
)
def test_whom_a_peer_is_counted_with(peer, home):
    assert household(peer) == home


@pytest.mark.parametrize(
    ("peer", "invited"),
    [
        ("192.0.2.7", True),
        ("::ffff:192.0.2.7", True),
        ("2001:db8::25", True),
        ("192.0.3.7", False),
        ("2001:db8::26", False),
        ("fe80::1%eth0", False),
        ("", False),
    ],
)
def test_relays_are_networks(peer, invited):
    networks = (ip_network("192.0.2.0/24"), ip_network("2001:db8::25"))
    assert door(relays=networks).welcome(peer, peer) == ("" if invited else STRANGER)


def test_sessions_are_counted_for_all_and_for_each():
    ours = door(connections=3, connections_per_peer=2)
    assert [ours.welcome("a", "a") for _ in range(3)] == ["", "", TOO_MANY]
    assert [ours.welcome("b", "b") for _ in range(2)] == ["", TOO_MANY]
    ours.farewell("a")
    assert ours.welcome("b", "b") == ""


def test_bytes_are_counted_for_all_and_for_each():
    ours = door(in_flight=100, max_size=10)
    assert ours.hold("a", 50)
    assert not ours.hold("a", 1)
    assert ours.hold("a", -1)
    assert ours.hold("b", 50)
    assert not ours.hold("c", 1)
    for home, size in (("a", 50), ("b", 50), ("c", 1)):
        ours.hold(home, -size)
    assert (ours.in_flight, dict(ours._held)) == (0, {})


def test_one_mail_of_the_largest_size_always_has_room():
    assert door(in_flight=100, max_size=90).hold("a", 90)


def test_the_disk_is_looked_at_once_a_second(monkeypatch, tmp_path: Path):
    looks, left = [], [100]
    monkeypatch.setattr(room, "spare", lambda *given: looks.append(given) or left[0])
    place = Room(tmp_path, 5)
    assert not place.lacks(100, 10.0)
    assert place.lacks(101, 10.9)
    left[0] = 200
    assert place.lacks(101, 10.9)
    assert not place.lacks(101, 11.0)
    assert looks == [(tmp_path, 5)] * 2


def test_without_a_disk_of_ours_there_is_room():
    assert not Room(None).lacks(2**60, 0.0)


def test_the_reserve_is_kept_apart(monkeypatch, tmp_path: Path):
    def disk(blocks: int, free: int) -> None:
        found = os.statvfs_result((4096, 4096, blocks, free, free, 0, 0, 0, 0, 255))
        monkeypatch.setattr(os, "statvfs", lambda _: found)

    disk(2**20, 2**18)  # 4 GB, of which 1 GB is free: a twentieth is less than 256 MB
    assert spare(tmp_path, None) == 2**30 - 2**32 // 20
    disk(2**30, 2**18)
    assert spare(tmp_path, None) == 2**30 - 256 * 2**20
    assert spare(tmp_path, 2**30 + 1) == -1


def test_a_disk_that_cannot_be_looked_at_decides_nothing(tmp_path: Path):
    assert not Room(tmp_path / "gone").lacks(2**60, 0.0)

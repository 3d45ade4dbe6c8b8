"""Names, addresses and settings of a lab."""

from __future__ import annotations

import ipaddress

import pytest
from guestwright.errors import UsageError
from guestwright.lab.model import (
    MOST_GUESTS,
    SLOTS,
    FileSystem,
    Guest,
    backup_server_address,
    network,
    parse_file_system,
    parse_guest,
    parse_name,
)


@pytest.mark.parametrize("name", ["lab", "a", "0-b", "a" * 31])
def test_names_that_are_allowed(name: str) -> None:
    assert parse_name(name) == name


@pytest.mark.parametrize("name", ["", "-a", "A", "a/b", "..", "a.b", "a b", "a" * 32, "a\n"])
def test_names_that_are_refused(name: str) -> None:
    with pytest.raises(UsageError):
        parse_name(name)


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("ext4:64M", 64 << 20),
        ("ext4:8M", 8 << 20),
        ("xfs:1G", 1 << 30),
        ("xfs:300M", 300 << 20),
        ("ext4:9000000", 9000000),
    ],
)
def test_file_systems(text: str, size: int) -> None:
    found = parse_file_system(text)
    assert found == FileSystem(text.partition(":")[0], size)
    assert parse_file_system(str(found)) == found


@pytest.mark.parametrize(
    "text", ["ext4", "ext4:", "btrfs:64M", "ext4:64m", "ext4:-1M", "ext4:1M", "xfs:299M", "ext4:0M", ":64M"]
)
def test_file_systems_that_are_refused(text: str) -> None:
    with pytest.raises(UsageError):
        parse_file_system(text)


def test_no_two_guests_share_an_address_or_a_name() -> None:
    guests = [Guest(slot, number) for slot in (0, SLOTS - 1) for number in range(1, MOST_GUESTS + 1)]
    assert len({guest.address for guest in guests}) == len(guests)
    assert len({guest.hardware_address for guest in guests}) == len(guests)
    assert len({guest.name for guest in guests if guest.slot == 0}) == MOST_GUESTS
    assert all(len(guest.port) < 16 for guest in guests)


@pytest.mark.parametrize("slot", [0, 1, SLOTS - 1])
def test_addresses_are_in_the_labs_own_network(slot: int) -> None:
    own = ipaddress.ip_network(network(slot))
    assert own.is_private
    assert ipaddress.ip_address(backup_server_address(slot)) in own
    for number in (1, 249, 250, MOST_GUESTS):
        address = ipaddress.ip_address(Guest(slot, number).address)
        assert address in own
        assert str(address) != backup_server_address(slot)


def test_a_guest_by_its_name() -> None:
    known = frozenset({"linux-001", "linux-012"})
    assert parse_guest("linux-012", 3, known) == Guest(3, 12)
    with pytest.raises(UsageError, match="linux-001"):
        parse_guest("linux-002", 3, known)

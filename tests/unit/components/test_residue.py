"""What counts as ours, and what may stay."""

from __future__ import annotations

import pytest
from ansible_collections.guestwright.components.plugins.module_utils.components import firewall, processes, residue

OWNED = residue.Owned(frozenset({"other"}), frozenset({"guest_helper"}))
NOTHING = residue.Owned(frozenset(), frozenset())


@pytest.mark.parametrize(
    ("command_line", "ours"),
    [
        ("python3\0-c\0x\0guestwright-guest\0s\0prepare\0op\0", True),
        ("guestwright-helper\0", True),
        ("/opt/guestwright-agent\0", True),
        ("python3\0/run/guestwright/s/guestwright.pyz\0", True),
        ("python3\0/tmp/guestwright-x.py\0", True),
        ("/srv/venv/bin/python\0/srv/venv/bin/guestwright\0run\0job.yml\0", False),
        ("/home/x/guestwright/bin/python\0-m\0pytest\0", False),
        ("vi\0/home/x/guestwright.txt\0", False),
        ("", False),
    ],
)
def test_processes_of_ours(command_line: str, ours: bool) -> None:
    assert residue.is_ours(command_line) is ours


@pytest.mark.parametrize(
    ("path", "owned"),
    [
        ("/run/guestwright", True),
        ("/run/guestwright/other/helper.sock", True),
        ("/run/guestwright/mine/helper.sock", False),
        ("/var/lib/guestwright", True),
        ("/usr/local/bin/guestwright", True),
        ("/usr/local/bin/guestwright-helper", False),
        ("/dev/shm/guestwright-20261124t133412-8cc30fc7-a1_b2c3d", True),
        ("/dev/shm/guestwright-x", False),
    ],
)
def test_files_that_may_stay(path: str, owned: bool) -> None:
    assert OWNED.owns_file(path) is owned


def test_without_owners_nothing_of_the_components_may_stay() -> None:
    for path in ("/run/guestwright", "/run/guestwright/other", "/var/lib/guestwright"):
        assert not NOTHING.owns_file(path)


@pytest.mark.parametrize(
    ("unit", "owned"),
    [
        ("guestwright-other.service", True),
        ("guestwright-mine.service", False),
        ("guestwright-guest-helper.service", True),
        ("guestwright-log-shipping.service", False),
    ],
)
def test_units_that_may_stay(unit: str, owned: bool) -> None:
    assert OWNED.owns_unit(unit) is owned


def test_unix_sockets() -> None:
    text = (
        "Num       RefCount Protocol Flags    Type St Inode Path\n"
        "0: 00000002 00000000 00010000 0001 01 1 /run/guestwright/s/helper.sock\n"
        "0: 00000003 00000000 00000000 0001 03 2 /run/guestwright/s/helper.sock\n"
        "0: 00000002 00000000 00010000 0001 01 3 @guestwright-x\n"
        "0: 00000002 00000000 00010000 0001 01 4 /run/other.sock\n"
        "0: 00000003 00000000 00000000 0001 03 5\n"
    )
    assert residue.parse_unix_sockets(text) == ["/run/guestwright/s/helper.sock", "@guestwright-x"]


@pytest.mark.parametrize(
    ("raw", "found"),
    [
        (b"python3\0x.pyz\0guestwright-guest\0s\0helper\0", processes.Found(1, "s", "helper")),
        (b"sh\0-c\0x guestwright-guest s helper\0", None),
        (b"python3\0guestwright-guest\0s\0", processes.Found(1, "s", "")),
        (b"guestwright-guest\0", None),
        (b"", None),
    ],
)
def test_command_lines(raw: bytes, found: processes.Found | None) -> None:
    assert processes.parse_command_line(1, raw) == found


def test_netlink_messages_are_split_and_a_broken_length_ends_it() -> None:
    import struct

    one = struct.pack("=IHHII", 19, 5, 0, 0, 0) + b"abc"
    received = one + b"\0" + struct.pack("=IHHII", 16, 3, 0, 0, 0) + struct.pack("=IHHII", 4, 3, 0, 0, 0)
    assert list(firewall.messages(received)) == [(5, b"abc"), (3, b"")]

"""What a lab is made of: names, addresses and settings. Pure; all follows from the lab's slot and a number."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from guestwright.errors import UsageError

MOST_GUESTS: Final = 999
"""A bridge of the kernel has at most 1024 ports, and a guest's name three digits."""
SLOTS: Final = 100
LOGINS: Final = ("root", "operator", "clerk")
GROUP: Final = "linux"

_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,30}")
_SIZE = re.compile(r"([1-9][0-9]{0,11})([KMGT]?)")
_UNITS: Final = {"": 1, "K": 1 << 10, "M": 1 << 20, "G": 1 << 30, "T": 1 << 40}
_SMALLEST: Final = {"ext4": 8 << 20, "xfs": 300 << 20}


@dataclass(frozen=True)
class FileSystem:
    """A real file system that every guest gets at ``/srv``.

    Attributes:
        kind: ``ext4`` or ``xfs``.
        size: in bytes.
    """

    kind: str
    size: int

    def __str__(self) -> str:
        return f"{self.kind}:{self.size}"


@dataclass(frozen=True)
class Guest:
    """A guest's place in its lab; everything follows from the slot and the number.

    Attributes:
        slot: the lab's slot, which its addresses carry.
        number: counted from 1.
    """

    slot: int
    number: int

    @property
    def name(self) -> str:
        """The host name, which is the inventory's name too."""
        return f"linux-{self.number:03d}"

    @property
    def address(self) -> str:
        """The IPv4 address."""
        return f"10.{100 + self.slot}.{1 + self.number // 250}.{1 + self.number % 250}"

    @property
    def hardware_address(self) -> str:
        """Fixed, so that a restarted guest does not wait for the neighbours' old entries to expire."""
        return f"02:67:{self.slot:02x}:00:{self.number >> 8:02x}:{self.number & 255:02x}"

    @property
    def port(self) -> str:
        """The name of the bridge's port that leads to the guest."""
        return f"guest{self.number}"


def network(slot: int) -> str:
    """Return the lab's range of addresses: one per slot, so that no two labs share an address or a control socket."""
    return f"10.{100 + slot}.0.0/16"


def backup_server_address(slot: int) -> str:
    """Return the address of the lab's backup server."""
    return f"10.{100 + slot}.0.1"


def parse_name(text: str) -> str:
    """Return a lab's name that is safe as a folder's name.

    Raises:
        UsageError: the name is not allowed.
    """
    if not _NAME.fullmatch(text):
        raise UsageError(f"{text!r} is not a lab's name", "use 1 to 31 of a-z, 0-9 and -, the first no -")
    return text


def parse_file_system(text: str) -> FileSystem:
    """Read ``ext4:64M`` or ``xfs:1G``.

    Raises:
        UsageError: the kind is unknown, or the size is no size or too small for the kind.
    """
    kind, _, size_text = text.partition(":")
    matched = _SIZE.fullmatch(size_text)
    if kind not in _SMALLEST or matched is None:
        raise UsageError(f"{text!r} is not a file system", "write ext4:SIZE or xfs:SIZE, like ext4:64M")
    size = int(matched[1]) * _UNITS[matched[2]]
    if size < _SMALLEST[kind]:
        raise UsageError(f"{kind} of {size_text} is too small", f"its least size is {_SMALLEST[kind] >> 20}M")
    return FileSystem(kind, size)


def parse_guest(text: str, slot: int, known: frozenset[str]) -> Guest:
    """Return the guest that a name stands for.

    Raises:
        UsageError: the lab has no such guest.
    """
    if text not in known:
        some = ", ".join(sorted(known)[:3]) + (", ..." if len(known) > 3 else "")
        raise UsageError(f"the lab has no guest {text!r}", f"it has {some or 'none'}")
    return Guest(slot, int(text.removeprefix("linux-")))

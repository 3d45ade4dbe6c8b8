# Copyright (c) 2026 guestwright contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Looking for firewall rules of ours without running a program: the kernel is asked over netlink.

Tables, chains, rules and sets of nf_tables are listed (iptables-nft's too, they live there); the word is looked for in
their names, comments and matches. The older iptables has no such list: its own program is run, and only where the
kernel says that it has tables.
"""

from __future__ import annotations

import os
import socket
import struct
from collections.abc import Iterator

_NFNETLINK = 12
_SUBSYSTEM_NFTABLES = 10
_DUMPS = {"table": 1, "chain": 4, "rule": 7, "set": 10}
_REQUEST_AND_DUMP = 0x301
_ERROR, _DONE = 2, 3
_LEGACY = (
    ("/proc/net/ip_tables_names", ("iptables-legacy-save", "iptables-save")),
    ("/proc/net/ip6_tables_names", ("ip6tables-legacy-save", "ip6tables-save")),
)


def search(word: str) -> tuple[list[str], list[str]]:
    """Return what of the firewall has the word in it, and what could not be looked at."""
    found: list[str] = []
    unchecked: list[str] = []
    if _has_nf_tables():
        try:
            for kind, number in _DUMPS.items():
                matching = [message for message in _dump(number) if word.encode() in message]
                found += [f"nftables {kind} {_describe(message, word)}" for message in matching]
        except PermissionError:
            unchecked.append("firewall rules of nftables were not looked at: the kernel does not permit it")
        except OSError as error:
            unchecked.append(f"firewall rules of nftables were not looked at: {error.strerror}")
    for names, programs in _LEGACY:
        if _read(names).strip():
            lines, problem = _legacy(programs, word)
            found += lines
            unchecked += problem
    return found, unchecked


def _read(path: str) -> str:
    try:
        with open(path, encoding="utf-8", errors="replace") as stream:
            return stream.read()
    except OSError:
        return ""


def _has_nf_tables() -> bool:
    """Tell whether nf_tables is in the kernel now: asking for it otherwise would load its module."""
    if os.path.isdir("/sys/module/nf_tables"):
        return True
    if not os.path.exists("/proc/modules"):
        return True
    return "/nf_tables.ko" in _read(f"/lib/modules/{os.uname().release}/modules.builtin")


def _dump(number: int) -> Iterator[bytes]:
    """Yield the attributes of each object of one kind; nothing where the kernel has no nf_tables."""
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, _NFNETLINK) as connection:
        connection.settimeout(5.0)
        header = struct.pack("=IHHII", 20, (_SUBSYSTEM_NFTABLES << 8) | number, _REQUEST_AND_DUMP, 1, 0)
        connection.sendto(header + struct.pack("=BBH", 0, 0, 0), (0, 0))
        while True:
            for kind, body in messages(connection.recv(1 << 17)):
                if kind == _DONE:
                    return
                if kind == _ERROR:
                    _raise(struct.unpack_from("=i", body)[0])
                    return
                yield body[4:]


def _raise(code: int) -> None:
    missing = (22, 93, 95)
    if code and -code not in missing:
        raise OSError(-code, os.strerror(-code))


def messages(received: bytes) -> Iterator[tuple[int, bytes]]:
    """Split what netlink sent into its messages: their kind and body."""
    offset = 0
    while offset + 16 <= len(received):
        length, kind = struct.unpack_from("=IH", received, offset)
        if length < 16:
            return
        yield kind, received[offset + 16 : offset + length]
        offset += (length + 3) & ~3


def _describe(message: bytes, word: str) -> str:
    """Return the readable run of characters around the word."""
    start = message.index(word.encode())
    while start > 0 and 32 <= message[start - 1] < 127:
        start -= 1
    end = start
    while end < len(message) and 32 <= message[end] < 127:
        end += 1
    return message[start:end].decode("ascii")


def _legacy(programs: tuple[str, ...], word: str) -> tuple[list[str], list[str]]:
    import shutil
    import subprocess

    program = next((path for path in map(shutil.which, programs) if path), None)
    if program is None:
        return [], [f"firewall rules of iptables were not looked at: there is no {programs[-1]}"]
    try:
        done = subprocess.run([program], stdin=subprocess.DEVNULL, capture_output=True, timeout=15, check=True)
    except (OSError, subprocess.SubprocessError) as error:
        return [], [f"firewall rules of iptables were not looked at: {error}"]
    text = done.stdout.decode("utf-8", "replace")
    return [f"iptables {line.strip()}" for line in text.splitlines() if word in line], []

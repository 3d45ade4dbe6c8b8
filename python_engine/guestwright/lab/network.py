"""The lab's network: one bridge in a namespace of its own, and one cable to each guest and to the backup server.

No namespace is named: each named one is a mount that every new mount namespace copies, which makes starting N guests
cost N squared. A process keeps each namespace instead.
"""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from guestwright.errors import GuestwrightError
from guestwright.lab import kernel
from guestwright.lab.model import Guest, backup_server_address
from guestwright.lab.processes import Process, restore_signals

BRIDGE: Final = "lab0"
_QUIET_IPV6 = Path("/proc/sys/net/ipv6/conf/default/addr_gen_mode")


def inside(keeper: Process, *command: str, text: str = "") -> str:
    """Run a program in the network namespace that a process keeps and return what it printed.

    Raises:
        GuestwrightError: the program failed.
    """
    done = subprocess.run(
        ["nsenter", f"--net={keeper.namespace('net')}", "--", *command],
        input=text,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise GuestwrightError(
            f"{' '.join(command)}: {done.stderr.strip() or done.returncode}", "see guestwright lab status"
        )
    return done.stdout


def quiet_ipv6() -> None:
    """Keep new devices of this namespace from taking IPv6 addresses, whose traffic every port would carry."""
    with contextlib.suppress(OSError):
        _QUIET_IPV6.write_text("1")


def start_keeper() -> Process:
    """Start a process that keeps a new network namespace until it is ended."""
    ready_read, ready_write = os.pipe()
    go_read, go_write = os.pipe()
    number = os.fork()
    if number == 0:
        _keep(ready_write, go_read, close=(ready_read, go_write))
    os.close(ready_write)
    os.close(go_read)
    with os.fdopen(ready_read, "rb") as ready, os.fdopen(go_write, "wb") as go:
        complaint = ready.read(1024)
        if complaint != b"ready":
            os.waitpid(number, 0)
            raise GuestwrightError(f"no network namespace: {complaint.decode(errors='replace')}")
        process = Process.of(number)
        go.write(b"x")
    return process


def _keep(ready: int, go: int, close: Iterable[int]) -> None:
    try:
        for descriptor in close:
            os.close(descriptor)
        os.setsid()
        kernel.unshare(kernel.NEW_NETWORK)
        quiet_ipv6()
        os.write(ready, b"ready")
        os.close(ready)
        if os.read(go, 1):
            null = os.open(os.devnull, os.O_RDWR)
            for descriptor in (0, 1, 2):
                os.dup2(null, descriptor)
            os.chdir("/")
            restore_signals()
            os.execvp("sleep", ["sleep", "infinity"])  # noqa: S606
    except OSError as error:
        with contextlib.suppress(OSError):
            os.write(ready, str(error).encode())
    finally:
        os._exit(1)


def build(slot: int, switch: Process, backup_server: Process) -> None:
    """Make the bridge and connect the backup server to it."""
    hardware = f"02:67:{slot:02x}:ff:00"
    cable = f"link add backup type veth peer name eth0 address {hardware}:02 netns {backup_server.number}"
    commands = [
        "link set lo up",
        f"link add {BRIDGE} type bridge",
        f"link set {BRIDGE} address {hardware}:01 up",
        cable,
        f"link set backup master {BRIDGE} up",
    ]
    inside(switch, "ip", "-batch", "-", text="\n".join(commands) + "\n")
    configure(backup_server_address(slot), backup_server)


def plug(switch: Process, guests: Iterable[tuple[Guest, int]]) -> None:
    """Lay a cable from the bridge to each guest's namespace, all in one go.

    Args:
        switch: keeps the bridge's namespace.
        guests: each with the number of a process in its namespace.
    """
    commands: list[str] = []
    for guest, number in guests:
        ends = f"{guest.port} type veth peer name eth0 address {guest.hardware_address} netns {number}"
        commands += [f"link add {ends}", f"link set {guest.port} master {BRIDGE} up"]
    if commands:
        inside(switch, "ip", "-batch", "-", text="\n".join(commands) + "\n")


def configure(address: str, keeper: Process | None = None) -> None:
    """Give ``eth0`` its address, in a process's namespace or in this one's."""
    text = f"link set lo up\naddr add {address}/16 dev eth0\nlink set eth0 up\n"
    if keeper:
        inside(keeper, "ip", "-batch", "-", text=text)
    else:
        subprocess.run(["ip", "-batch", "-"], input=text.encode(), check=True, stdout=sys.stderr)

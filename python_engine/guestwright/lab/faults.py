"""Broken links between a guest and the lab's bridge: cut, lossy, slow, and whole again."""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from guestwright.errors import GuestwrightError, PrerequisiteError, UsageError
from guestwright.lab import network, processes
from guestwright.lab.model import Guest
from guestwright.lab.prerequisites import find
from guestwright.lab.processes import Process
from guestwright.lab.state import Lab, write_private

KINDS: Final = ("down", "up", "delay", "loss")
_LONGEST_DELAY: Final = 60_000


@dataclass(frozen=True)
class Fault:
    """What is wrong with a link.

    Attributes:
        kind: ``down``, ``up`` (nothing), ``delay`` or ``loss``.
        amount: milliseconds each way, or percent of the frames each way.
    """

    kind: str
    amount: float = 0.0


def parse(kind: str, amount: str | None) -> Fault:
    """Read a fault from the command line's words.

    Raises:
        UsageError: it makes no sense.
    """
    if kind not in KINDS:
        raise UsageError(f"{kind!r} is not a fault", f"one of {', '.join(KINDS)}")
    if kind in {"down", "up"}:
        if amount is not None:
            raise UsageError(f"{kind} takes no amount", "leave it out")
        return Fault(kind)
    most, unit = (_LONGEST_DELAY, "milliseconds") if kind == "delay" else (100, "percent")
    try:
        number = float(amount or "")
    except ValueError:
        number = -1.0
    if not 0 <= number <= most:
        raise UsageError(f"{kind} needs a number of {unit}", f"from 0 to {most}")
    return Fault(kind, number)


def loss_rules(guest: Guest, percent: float) -> str:
    """Return the rules that lose a share of a guest's frames, each way. Pure."""
    share = round(percent * 100)
    lost = "drop" if share >= 10000 else f"numgen random mod 10000 < {share} drop"
    return f"""\
table bridge {guest.port} {{
    chain from_guest {{
        type filter hook prerouting priority 0;
        iifname "{guest.port}" {lost}
    }}
    chain to_guest {{
        type filter hook postrouting priority 0;
        oifname "{guest.port}" {lost}
    }}
}}
"""


def apply(lab: Lab, guest: Guest, fault: Fault) -> None:
    """Break a guest's link, or mend it: faults add up until ``up`` removes them all.

    Raises:
        GuestwrightError: the lab's network is gone, or the kernel refused.
    """
    if lab.switch is None or not lab.switch.alive:
        raise GuestwrightError(f"the lab {lab.name!r} has no network", "end it and start it again")
    if fault.kind == "loss" and not find("nft"):
        raise PrerequisiteError("lossy links need nft, which is missing here", "apt-get install nftables")
    known = current(lab, guest)
    if fault.kind == "down":
        network.inside(lab.switch, "ip", "link", "set", guest.port, "down")
        known["down"] = True
    if fault.kind in {"loss", "up"}:
        with contextlib.suppress(GuestwrightError):
            network.inside(lab.switch, "nft", "delete", "table", "bridge", guest.port)
        known.pop("loss", None)
    if fault.kind in {"delay", "up"}:
        _end_wire(known.pop("wire", None))
        known.pop("delay", None)
    if fault.kind == "loss" and fault.amount:
        network.inside(lab.switch, "nft", "-f", "-", text=loss_rules(guest, fault.amount))
        known["loss"] = fault.amount
    if fault.kind == "delay" and fault.amount:
        wire = _start_wire(lab.switch, guest, fault.amount)
        known |= {"delay": fault.amount, "wire": [wire.number, wire.started]}
    if fault.kind == "up":
        network.inside(lab.switch, "ip", "link", "set", guest.port, "up")
        known.pop("down", None)
    _note(lab, guest, known)


def current(lab: Lab, guest: Guest) -> dict[str, Any]:
    """Return what is wrong with a guest's link: ``down``, ``delay``, ``loss`` and the ``wire`` that delays."""
    try:
        document: dict[str, Any] = json.loads(_file(lab, guest).read_text())
    except FileNotFoundError:
        return {}
    return document


def _note(lab: Lab, guest: Guest, known: dict[str, Any]) -> None:
    path = _file(lab, guest)
    if not known:
        path.unlink(missing_ok=True)
        return
    path.parent.mkdir(mode=0o700, exist_ok=True)
    write_private(path, json.dumps(known) + "\n")


def forget(lab: Lab, guest: Guest) -> None:
    """Forget the faults of a guest that has ended."""
    _end_wire(current(lab, guest).get("wire"))
    _file(lab, guest).unlink(missing_ok=True)


def _file(lab: Lab, guest: Guest) -> Path:
    return lab.folder / "faults" / f"{guest.name}.json"


def _start_wire(switch: Process, guest: Guest, milliseconds: float) -> Process:
    wire = Path(__file__).with_name("wire.py")
    words = (guest.port, network.BRIDGE, str(milliseconds))
    process = subprocess.Popen(
        ["nsenter", f"--net={switch.namespace('net')}", "--", sys.executable, str(wire), *words],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        cwd="/",
    )
    if process.stdout is None or process.stdout.readline() != "ready\n":
        complaint = process.communicate()[1]
        raise GuestwrightError(f"the link cannot be delayed: {complaint.strip()[-500:]}", "is /dev/net/tun there?")
    return Process.of(process.pid)


def _end_wire(wire: list[int] | None) -> None:
    if wire:
        processes.end([Process(wire[0], wire[1])], patience=5)

"""The lab of a benchmark, and what is looked at in its guests from outside, at no cost to them."""

from __future__ import annotations

import contextlib
import hashlib
import json
import socket
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from guestwright.lab import groups

GUESTWRIGHT = str(Path(sys.executable).with_name("guestwright"))
_WORDS = b"guestwright-guest"


@dataclass(frozen=True)
class BenchmarkLab:
    """A lab that is up.

    Attributes:
        name: the lab's name.
        inventory: its Ansible inventory.
        addresses: every guest's address.
        processes: every guest's first process, as this machine numbers it.
    """

    name: str
    inventory: Path
    addresses: dict[str, str]
    processes: dict[str, int]

    def cpu_seconds(self) -> float:
        """Return the processor time of all guests together so far."""
        seconds = groups.cpu_seconds(groups.guests_group(self.name))
        if seconds is None:
            raise SystemExit("bench: the guests' processor time is not counted here: mount cgroup2")
        return seconds

    @property
    def prefix(self) -> tuple[str, ...]:
        """The command that runs another one on the lab's backup server."""
        return (GUESTWRIGHT, "lab", "exec", "--name", self.name, "--")


@contextlib.contextmanager
def lab(name: str, guests: int) -> Iterator[BenchmarkLab]:
    """Bring a lab up, and down again whatever happens."""
    try:
        inventory = _output("up", "--name", name, "--linux", str(guests)).strip()
        status = json.loads(_output("status", "--name", name, "--format", "json"))["guests"]
        if len(status) != guests:
            raise SystemExit(
                f"bench: the lab {name} was up already, with {len(status)} guests; it is ended now: try again"
            )
        yield BenchmarkLab(
            name,
            Path(inventory),
            {guest: one["address"] for guest, one in status.items()},
            {guest: one["process"] for guest, one in status.items()},
        )
    finally:
        subprocess.run(
            [GUESTWRIGHT, "lab", "down", "--name", name], check=False, start_new_session=True, stderr=subprocess.DEVNULL
        )


def _output(verb: str, *arguments: str) -> str:
    return subprocess.run(
        [GUESTWRIGHT, "lab", verb, *arguments], check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ).stdout


def not_deployed(one: BenchmarkLab, session: str, sha256: str) -> str:
    """Return why the components are not deployed, whole and answering, on every guest; empty where they are."""
    return _first(one, lambda process: _deployment_problem(process, session, sha256))


def not_gone(one: BenchmarkLab) -> str:
    """Return what is left of the components on a guest; empty where nothing is."""
    running = _namespaces_with_our_processes()

    def residue(process: int) -> str:
        if Path(f"/proc/{process}/root/run/guestwright").exists():
            return "/run/guestwright is there"
        number = running.get(Path(f"/proc/{process}/ns/pid").readlink())
        return f"process {number} is running" if number else ""

    return _first(one, residue)


def _first(one: BenchmarkLab, look: Callable[[int], str]) -> str:
    problems = [f"{guest}: {problem}" for guest, process in one.processes.items() if (problem := look(process))]
    return f"{len(problems)} guests, {problems[0]}" if problems else ""


def _deployment_problem(process: int, session: str, sha256: str) -> str:
    folder = Path(f"/proc/{process}/root/run/guestwright/{session}")
    try:
        status = folder.stat()
        if stat.S_IMODE(status.st_mode) != 0o700 or status.st_uid != 0:
            return f"the folder's mode is {stat.S_IMODE(status.st_mode):o}"
        if hashlib.sha256((folder / "guestwright.pyz").read_bytes()).hexdigest() != sha256:
            return "guestwright.pyz has other bytes"
        answer = _ask(folder / "helper.sock", session)
    except (OSError, ValueError) as error:
        return str(error)
    if not answer.get("ok") or answer["result"]["build"] != sha256:
        return f"the helper answers {answer}"
    return ""


def _ask(path: Path, session: str) -> dict[str, Any]:
    request = {"protocol": 1, "session": session, "operation": "status", "verb": "status", "arguments": {}}
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
        connection.settimeout(5)
        connection.connect(str(path))
        connection.sendall(json.dumps(request).encode() + b"\n")
        received = b""
        while not received.endswith(b"\n"):
            chunk = connection.recv(65536)
            if not chunk:
                break
            received += chunk
    answer: dict[str, Any] = json.loads(received)
    return answer


def _namespaces_with_our_processes() -> dict[Path, str]:
    found = {}
    for folder in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if _WORDS in (folder / "cmdline").read_bytes():
                found[(folder / "ns/pid").readlink()] = folder.name
    return found

"""Running the guest program on this machine, as a route would on a guest."""

from __future__ import annotations

import itertools
import json
import os
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from ansible_collections.guestwright.components.plugins.module_utils.components import ioctls, processes
from ansible_collections.guestwright.components.plugins.plugin_utils import guest_program

PYTHON = os.environ.get("GUESTWRIGHT_TEST_PYTHON", "/usr/bin/python3")
OWNER = {"server": "test-server", "job": "test"}
_numbers = itertools.count(1)


class Failed(AssertionError):
    """The guest program answered with an error."""

    def __init__(self, error: dict[str, Any]) -> None:
        super().__init__(json.dumps(error))
        self.code: str = error["code"]
        self.message: str = error["message"]
        self.details: dict[str, Any] = error.get("details", {})


def request(session: str, verb: str, operation: str | None = None, **arguments: Any) -> dict[str, Any]:
    return {
        "protocol": 1,
        "session": session,
        "operation": operation or f"operation-{os.getpid()}-{next(_numbers)}",
        "verb": verb,
        "arguments": arguments,
    }


def command(document: dict[str, Any], python: str = PYTHON) -> guest_program.Exec:
    carry = document["verb"] in guest_program.CARRIED_VERBS
    return (guest_program.carried if carry else guest_program.deployed)(document, python)


def execute(given: guest_program.Exec, **options: Any) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        ["/bin/sh", "-c", given.command], input=given.stdin, capture_output=True, timeout=60, check=False, **options
    )


def start(given: guest_program.Exec) -> subprocess.Popen[bytes]:
    process = subprocess.Popen(
        ["/bin/sh", "-c", given.command], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    assert process.stdin is not None
    process.stdin.write(given.stdin)
    process.stdin.flush()
    return process


def result_of(answer: dict[str, Any]) -> dict[str, Any]:
    if not answer["ok"]:
        raise Failed(answer["error"])
    result: dict[str, Any] = answer["result"]
    return result


def until(condition: Callable[[], Any], seconds: float = 10.0) -> Any:
    """Return the condition's value as soon as it is true."""
    deadline = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        assert time.monotonic() < deadline, f"not so within {seconds} s"
        time.sleep(0.01)


@dataclass
class Guest:
    """This machine, seen as a guest of one session."""

    session: str
    python: str = PYTHON
    answers: list[dict[str, Any]] = field(default_factory=list)

    @property
    def folder(self) -> str:
        return f"/run/guestwright/{self.session}"

    def ask(self, verb: str, operation: str | None = None, **arguments: Any) -> dict[str, Any]:
        """Do a verb and return its result; raises `Failed`."""
        done = execute(command(request(self.session, verb, operation, **arguments), self.python))
        assert done.returncode == 0, (done.returncode, done.stderr)
        return result_of(guest_program.parse(done.stdout.decode()))

    def prepare(self, time_to_live: float = 60, **arguments: Any) -> dict[str, Any]:
        return self.ask(
            "prepare", required_components=["guest_helper"], time_to_live=time_to_live, owner=OWNER, **arguments
        )

    def pid(self, verb: str) -> int | None:
        """Return the id of the session's `helper` or `watchdog`."""
        return next((found.pid for found in processes.find(self.session) if found.verb == verb), None)

    def kill(self, verb: str) -> None:
        pid = self.pid(verb)
        assert pid is not None
        os.kill(pid, 9)

    def is_gone(self) -> bool:
        return not os.path.lexists(self.folder) and not processes.find(self.session)


def is_frozen(mount: str) -> bool:
    """Tell whether a file system is frozen: freezing it again is refused then; otherwise it is thawed at once."""
    descriptor = os.open(mount, os.O_RDONLY)
    try:
        ioctls.freeze(descriptor)
    except OSError:
        return True
    else:
        ioctls.thaw(descriptor)
        return False
    finally:
        os.close(descriptor)


def thaw(mount: str) -> None:
    """Thaw whatever holds, so that no test leaves a file system frozen."""
    descriptor = os.open(mount, os.O_RDONLY)
    try:
        while ioctls.thaw(descriptor):
            pass
    finally:
        os.close(descriptor)


@contextmanager
def loop_mount(image: str, mount: str, kind: str) -> Iterator[str]:
    """Mount a new file system of its own at a path, and unmount it whatever happens."""
    size = {"ext4": 32, "xfs": 320, "vfat": 16}[kind]
    with open(image, "wb") as stream:
        stream.truncate(size << 20)
    make = {"ext4": ["mkfs.ext4", "-q", "-F"], "xfs": ["mkfs.xfs", "-q", "-f"], "vfat": ["mkfs.vfat"]}[kind]
    subprocess.run([*make, image], check=True, capture_output=True)
    os.makedirs(mount, exist_ok=True)
    subprocess.run(["mount", "-o", "loop", image, mount], check=True)
    try:
        yield mount
    finally:
        thaw(mount)
        subprocess.run(["umount", mount], check=True)

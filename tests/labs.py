"""Labs for tests: brought up when a module asks for them, gone after its last test."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

LAB_COMMAND = (sys.executable, "-m", "guestwright.cli.lab", "lab")
_SECONDS = 180


@dataclass(frozen=True)
class TestLab:
    """A lab that is up.

    Attributes:
        name: the lab's name.
        inventory: the Ansible inventory's file.
        guests: the names of the guests.
    """

    __test__ = False

    name: str
    inventory: Path
    guests: tuple[str, ...]

    def exec(self, *command: str, check: bool = True, **options: Any) -> subprocess.CompletedProcess[str]:
        """Run a command on the lab's backup server; output is captured as text unless told otherwise."""
        return _run((*LAB_COMMAND, "exec", "--name", self.name, "--", *command), check=check, **options)

    def popen(self, *command: str, **options: Any) -> subprocess.Popen[str]:
        """Start a command on the lab's backup server; its process id is the command's own."""
        return subprocess.Popen((*LAB_COMMAND, "exec", "--name", self.name, "--", *command), text=True, **options)

    def in_guest(
        self, guest: str, *command: str, check: bool = True, **options: Any
    ) -> subprocess.CompletedProcess[str]:
        """Run a command in a guest, as its root, without any network."""
        return _run(
            (*LAB_COMMAND, "exec", "--name", self.name, "--guest", guest, "--", *command), check=check, **options
        )

    def fault(self, guest: str, kind: str, amount: float | None = None) -> None:
        """Break or mend a guest's link: down, up, delay (ms each way), loss (percent each way)."""
        words = [guest, kind, *([] if amount is None else [str(amount)])]
        _run((*LAB_COMMAND, "fault", "--name", self.name, *words))


LabFactory = Callable[..., TestLab]


@pytest.fixture(scope="module")
def lab(request: pytest.FixtureRequest) -> Iterator[LabFactory]:
    """Return a function that brings a lab up: ``lab(linux=2, file_system="ext4:64M", systemd=False, login="root")``.

    The same settings give the same lab within a module, so that each test may ask for what it needs.
    """
    module = request.module.__name__.rpartition(".")[2].removeprefix("test_").replace("_", "-")[:14]
    labs: dict[tuple[Any, ...], TestLab] = {}

    def start(
        linux: int = 2, file_system: str | None = "ext4:64M", systemd: bool = False, login: str = "root"
    ) -> TestLab:
        settings = (linux, file_system, systemd, login)
        if settings not in labs:
            name = f"t-{module}-{os.getpid()}-{len(labs)}"
            options = ["--linux", str(linux), "--name", name, "--login", login]
            options += ["--file-system", file_system] if file_system else []
            options += ["--systemd"] if systemd else []
            inventory = Path(_run((*LAB_COMMAND, "up", *options)).stdout.strip())
            labs[settings] = TestLab(name, inventory, tuple(f"linux-{number:03d}" for number in range(1, linux + 1)))
        return labs[settings]

    try:
        yield start
    finally:
        for one in labs.values():
            _run((*LAB_COMMAND, "down", "--name", one.name), check=False)


def _run(command: tuple[str, ...], *, check: bool = True, **options: Any) -> subprocess.CompletedProcess[str]:
    settings: dict[str, Any] = {"capture_output": True, "text": True, "timeout": _SECONDS, **options}
    done = subprocess.run(command, check=False, **settings)
    if check and done.returncode:
        pytest.fail(f"{' '.join(command)}: exit code {done.returncode}\n{done.stdout}\n{done.stderr}")
    return done

"""Running a case's commands and counting what they cost."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmark.accounting import Account, peak_memory

_LAUNCHER = Path(__file__).with_name("launcher.py")


@dataclass(frozen=True)
class Step:
    """One command of a case.

    Attributes:
        name: `deploy`, `release` or, where one command does both, `run`.
        argv: the command.
        environment: variables beside the inherited ones.
        folder: where it runs.
        output: gets what it prints; a file beside it, with the suffix `.err`, what it prints to its standard error.
    """

    name: str
    argv: Sequence[str]
    folder: Path
    output: Path
    environment: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Cost:
    """What commands have cost; seconds and bytes."""

    seconds: Mapping[str, float]
    cpu_seconds: float
    guest_cpu_seconds: float
    peak_bytes: int
    problem: str = ""


class Launcher:
    """Runs commands through a process of `launcher.py`."""

    def __init__(self, prefix: Sequence[str]) -> None:
        self._process = subprocess.Popen(
            [*prefix, sys.executable, str(_LAUNCHER)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def run(self, step: Step, groups: Sequence[Path]) -> tuple[int, float]:
        """Run a command to its end; return its exit code and its seconds."""
        request: dict[str, Any] = {
            "argv": list(step.argv),
            "environment": dict(step.environment),
            "folder": str(step.folder),
            "output": str(step.output),
            "groups": [str(group) for group in groups],
        }
        if self._process.stdin is None or self._process.stdout is None:
            raise RuntimeError("the launcher has no pipes")
        self._process.stdin.write(json.dumps(request) + "\n")
        self._process.stdin.flush()
        answer = json.loads(self._process.stdout.readline())
        return int(answer["code"]), float(answer["seconds"])

    def close(self) -> None:
        """End the launcher."""
        self._process.terminate()
        self._process.wait()


@contextlib.contextmanager
def launcher(prefix: Sequence[str] = ()) -> Iterator[Launcher]:
    """Have a launcher for the block; `prefix` is a command that it is started with."""
    one = Launcher(prefix)
    try:
        yield one
    finally:
        one.close()


def measure(
    runner: Launcher,
    steps: Sequence[Step],
    *,
    guest_cpu: Callable[[], float],
    check: Callable[[Step, int], str],
    period: float = 0.2,
) -> Cost:
    """Run the steps of a case; `check` says after each what is wrong, and the time that it takes does not count.

    Args:
        runner: where they run.
        steps: the commands, in their order; the first that fails ends the case.
        guest_cpu: returns the processor time of all guests so far.
        check: returns why the end state of a step was not reached, or nothing.
        period: seconds between two samples of the memory.
    """
    account = Account(f"guestwright-benchmark-{os.getpid()}")
    seconds: dict[str, float] = {}
    guests = 0.0
    problem = ""
    try:
        with peak_memory(account, period) as peak:
            for step in steps:
                before = guest_cpu()
                code, seconds[step.name] = runner.run(step, account.folders)
                guests += guest_cpu() - before
                problem = check(step, code)
                if problem:
                    break
        return Cost(seconds, account.cpu_seconds(), guests, peak[0], problem)
    finally:
        account.end()

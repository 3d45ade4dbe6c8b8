from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator

import pytest
from guestwright.execution.processes import RUN_ID_VARIABLE, processes_of_run, start_time, stop_run

RUN = "test-run-of-processes"
STUBBORN = "import signal, sys; signal.signal(signal.SIGTERM, signal.SIG_IGN); print(flush=True); sys.stdin.read()"
MEEK = "import sys; print(flush=True); sys.stdin.read()"


@pytest.fixture
def started() -> Iterator[list[subprocess.Popen[bytes]]]:
    running: list[subprocess.Popen[bytes]] = []
    yield running
    for process in running:
        process.kill()
        process.communicate()


def start(program: str, *, new_session: bool = False) -> subprocess.Popen[bytes]:
    process = subprocess.Popen(
        [sys.executable, "-c", program],
        env={**os.environ, RUN_ID_VARIABLE: RUN},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        start_new_session=new_session,
    )
    assert process.stdout is not None
    process.stdout.readline()
    return process


def test_processes_of_a_run_are_stopped_even_in_sessions_of_their_own(started: list[subprocess.Popen[bytes]]) -> None:
    started += [start(MEEK), start(STUBBORN, new_session=True)]
    assert sorted(processes_of_run(RUN)) == sorted(process.pid for process in started)
    assert stop_run(RUN) == 2
    assert [process.wait() for process in started] == [-signal.SIGTERM, -signal.SIGKILL]
    assert processes_of_run(RUN) == []


def test_other_processes_are_left_alone(started: list[subprocess.Popen[bytes]]) -> None:
    started.append(start(MEEK))
    assert stop_run("another-run") == 0
    assert started[0].poll() is None


def test_a_start_time_tells_a_living_process_from_a_dead_one() -> None:
    assert start_time(os.getpid()) == start_time(os.getpid())
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    assert start_time(process.pid) is None

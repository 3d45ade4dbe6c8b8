"""Runs that do not end by themselves: signals, killed controllers, and what cleanup makes of them."""

from __future__ import annotations

import json
import signal
import subprocess
from collections.abc import Callable
from typing import Any

import pytest
from controllers import GUESTWRIGHT, Controller, wait_for_file

pytestmark = pytest.mark.lab

FREEZE_SRV = {"applications": {"filesystems": ["/srv"]}}
BLOCK = "echo reached >&2; mkfifo {fifo} 2>/dev/null; echo reached > {marker}; read line < {fifo}"


def blocking(controller: Controller, marker: str) -> dict[str, Any]:
    """Return a session command that says that it was reached and then never ends by itself."""
    script = BLOCK.format(marker=controller.folder / marker, fifo=controller.folder / f"{marker}.fifo")
    return {"command": ["sh", "-c", script], "timeout": "50s"}


def wait_for_line(process: subprocess.Popen[str], start: str) -> None:
    """Read the run's lines until one begins so."""
    assert process.stderr is not None
    for line in process.stderr:
        if line.startswith(start):
            return
    pytest.fail(f"no line began with {start}")


def at_snapshot(controller: Controller) -> tuple[dict[str, Any], Callable[[subprocess.Popen[str]], None]]:
    settings = {
        "guest_processing": {"freeze_timeout": "60s", **FREEZE_SRV},
        "session": {"parallel": 1, "snapshot": blocking(controller, "snapshot")},
    }
    return settings, lambda process: wait_for_file(process, controller.folder / "snapshot")


def at_backup(controller: Controller) -> tuple[dict[str, Any], Callable[[subprocess.Popen[str]], None]]:
    settings = {
        "guest_processing": FREEZE_SRV,
        "session": {"parallel": 1, "backup": {**blocking(controller, "backup"), "timeout": "1h"}},
    }
    return settings, lambda process: wait_for_file(process, controller.folder / "backup")


def at_prepare(_controller: Controller) -> tuple[dict[str, Any], Callable[[subprocess.Popen[str]], None]]:
    return {"guest_processing": FREEZE_SRV}, lambda process: wait_for_line(process, "[prepare  1/")


def at_release(_controller: Controller) -> tuple[dict[str, Any], Callable[[subprocess.Popen[str]], None]]:
    return {"guest_processing": FREEZE_SRV}, lambda process: wait_for_line(process, "[release  1/")


def at_freeze(controller: Controller) -> tuple[dict[str, Any], Callable[[subprocess.Popen[str]], None]]:
    script = "/usr/local/sbin/never-ends"
    write = f"printf '#!/bin/sh\\nexec sleep 300\\n' > {script} && chmod 755 {script}"
    for guest in controller.lab.guests:
        controller.lab.in_guest(guest, "sh", "-c", write)
    scripts = {"pre_freeze": [script], "timeout": "2m"}

    def reached(process: subprocess.Popen[str]) -> None:
        wait_for_line(process, "[prepare  3/3]")
        waiting = "until pgrep -fx 'sleep 300' >/dev/null; do sleep 0.1; done"
        controller.lab.in_guest("linux-001", "timeout", "30", "sh", "-c", waiting)

    return {"guest_processing": {**FREEZE_SRV, "scripts": scripts}}, reached


PHASES = [at_prepare, at_freeze, at_snapshot, at_backup, at_release]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("phase", [at_snapshot, at_backup])
def test_a_signal_thaws_releases_and_reports(controller: Controller, phase: Any, number: signal.Signals) -> None:
    settings, reached = phase(controller)
    process = controller.start(controller.job(**settings))
    reached(process)
    process.send_signal(number)
    stdout, stderr = process.communicate(timeout=60)
    assert process.returncode == 130, stderr
    result = json.loads(stdout)
    assert result["interrupted"]
    assert "interrupted" in {guest["error"]["code"] for guest in result["guests"].values()}
    assert all(guest["leftovers"] == [] for guest in result["guests"].values())
    controller.assert_clean()
    assert list((controller.folder / "state/runs").iterdir()) == []


@pytest.mark.parametrize("phase", PHASES)
def test_what_a_killed_run_left_is_cleaned_up(controller: Controller, phase: Any) -> None:
    settings, reached = phase(controller)
    process = controller.start(controller.job(**settings), "--forks", "1")
    reached(process)
    process.kill()
    process.communicate()
    cleaned = controller.guestwright("cleanup", "--orphans")
    assert cleaned.returncode == 0, cleaned.stdout + cleaned.stderr
    controller.assert_clean()
    assert list((controller.folder / "state/runs").iterdir()) == []
    again = controller.guestwright("cleanup", "--orphans")
    assert (again.returncode, again.stdout) == (0, "nothing to clean up: the ledger has no unfinished run\n")


def test_a_running_run_is_left_alone_by_cleanup(controller: Controller) -> None:
    settings, reached = at_snapshot(controller)
    process = controller.start(controller.job(**settings))
    try:
        reached(process)
        cleaned = controller.guestwright("cleanup", "--orphans")
        assert "still running, left alone" in cleaned.stdout
        assert process.poll() is None
    finally:
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=60)
    assert process.returncode == 130


def test_orphans_are_found_without_a_ledger(controller: Controller) -> None:
    settings, reached = at_snapshot(controller)
    process = controller.start(controller.job(**settings))
    reached(process)
    process.kill()
    process.communicate()
    state = controller.folder / "state"
    state.rename(controller.folder / "lost")
    try:
        found = controller.guestwright("cleanup", "--orphans", "-i", controller.lab.inventory)
        assert found.returncode == 0, found.stdout + found.stderr
        assert found.stdout.count(": removed") == len(controller.lab.guests)
        controller.assert_clean()
    finally:
        (controller.folder / "lost").rename(controller.folder / "lost-state")
        controller.environment["GUESTWRIGHT_STATE_DIR"] = str(controller.folder / "lost-state")
        controller.guestwright("cleanup", "--orphans")


def test_a_terminal_that_is_gone_does_not_keep_the_guests_from_being_released(controller: Controller) -> None:
    settings, reached = at_snapshot(controller)
    settings["session"]["snapshot"]["timeout"] = "2s"
    process = controller.start(controller.job(**settings))
    reached(process)
    assert process.stderr is not None
    process.stderr.close()
    assert process.wait(60) == 4
    assert process.stdout is not None
    result = json.loads(process.stdout.read())
    assert {guest["error"]["code"] for guest in result["guests"].values()} == {"snapshot_timeout"}
    controller.assert_clean()


def test_two_cleanups_at_once_come_to_the_same_end(controller: Controller) -> None:
    settings, reached = at_snapshot(controller)
    process = controller.start(controller.job(**settings))
    reached(process)
    process.kill()
    process.communicate()
    command = (*GUESTWRIGHT, "cleanup", "--orphans")
    both = [
        controller.lab.popen(
            *command, env=controller.environment, cwd=controller.folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )
        for _ in range(2)
    ]
    ends = [(*cleanup.communicate(timeout=120), cleanup.returncode) for cleanup in both]
    assert [code for _out, _error, code in ends] == [0, 0], ends
    assert sorted("guests released" in out for out, _error, _code in ends) == [False, True]
    controller.assert_clean()

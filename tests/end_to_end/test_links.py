"""Links that break in the middle: operations run at most once, and a guest thaws and cleans up by itself."""

from __future__ import annotations

import json
import subprocess
from typing import Any

import pytest
from controllers import Controller, wait_for_file

pytestmark = pytest.mark.lab

GUEST = "linux-001"
COUNTER = "/srv/count"
SCRIPT = "/usr/local/sbin/count-phase"
ONE_GUEST = ("--limit", GUEST)


@pytest.fixture
def counted(controller: Controller) -> dict[str, Any]:
    """Return guest processing whose scripts count their calls on the guest."""
    text = f'#!/bin/sh\necho "$GUESTWRIGHT_PHASE" >> {COUNTER}\n'
    write = f"cat > {SCRIPT} && chmod 755 {SCRIPT} && rm -f {COUNTER}"
    controller.lab.in_guest(GUEST, "sh", "-c", write, input=text)
    return {
        "application_processing": "require_success",
        "freeze_timeout": "12s",
        "applications": {"filesystems": ["/srv"]},
        "scripts": {"mode": "require_success", "pre_freeze": [SCRIPT], "post_thaw": [SCRIPT], "timeout": "10s"},
    }


def calls(controller: Controller) -> list[str]:
    return controller.lab.in_guest(GUEST, "cat", COUNTER).stdout.split()


def breaking(controller: Controller, marker: str, seconds: int) -> dict[str, Any]:
    """Return a session command that says that it was reached, and goes on for a while."""
    script = f"echo > {controller.folder / marker}; exec sleep {seconds}"
    return {"command": ["sh", "-c", script], "timeout": "10s"}


def finish(process: subprocess.Popen[str]) -> tuple[int, dict[str, Any], str]:
    stdout, stderr = process.communicate(timeout=120)
    assert stdout, stderr
    return process.returncode, json.loads(stdout)["guests"][GUEST], stderr


def test_a_link_that_comes_back_while_frozen_costs_nothing(controller: Controller, counted: dict[str, Any]) -> None:
    job = controller.job(guest_processing=counted, session={"snapshot": breaking(controller, "snapshot", 4)})
    process = controller.start(job, *ONE_GUEST)
    wait_for_file(process, controller.folder / "snapshot")
    controller.lab.fault(GUEST, "down")
    controller.lab.fault(GUEST, "up")
    code, guest, stderr = finish(process)
    assert (code, guest["consistency"]) == (0, "application"), stderr
    assert calls(controller) == ["pre_freeze", "post_thaw"]
    controller.assert_clean()


def test_a_link_that_stays_down_while_frozen_leaves_the_thaw_to_the_guest(
    controller: Controller, counted: dict[str, Any]
) -> None:
    job = controller.job(guest_processing=counted, session={"snapshot": breaking(controller, "snapshot", 1)})
    process = controller.start(job, *ONE_GUEST)
    wait_for_file(process, controller.folder / "snapshot")
    controller.lab.fault(GUEST, "down")
    code, guest, stderr = finish(process)
    assert code == 6, stderr
    assert (guest["status"], guest["consistency"]) == ("failed", "crash")
    assert guest["error"]["code"] == "link_lost"
    assert guest["leftovers"][0]["kind"] == "unproven"

    controller.lab.in_guest(GUEST, "timeout", "30", "sh", "-c", "echo written > /srv/probe")
    assert calls(controller) == ["pre_freeze", "post_thaw"]
    waiting = controller.guestwright("cleanup", "--orphans")
    assert waiting.returncode == 5, waiting.stdout
    assert f"{GUEST}: not released" in waiting.stdout

    controller.lab.fault(GUEST, "up")
    cleaned = controller.guestwright("cleanup", "--orphans")
    assert cleaned.returncode == 0, cleaned.stdout + cleaned.stderr
    assert calls(controller) == ["pre_freeze", "post_thaw"]
    controller.assert_clean()


def test_a_guest_cleans_up_by_itself_when_nobody_comes_back(controller: Controller) -> None:
    job = controller.job(
        guest_processing={
            "freeze_timeout": "5s",
            "applications": {"filesystems": ["/srv"]},
            "scripts": {"timeout": "5s"},
        },
        components={"time_to_live": "15s"},
        session={"snapshot": breaking(controller, "snapshot", 5)},
    )
    process = controller.start(job, *ONE_GUEST)
    wait_for_file(process, controller.folder / "snapshot")
    controller.lab.fault(GUEST, "down")
    process.kill()
    process.communicate()
    gone = "while [ -e /run/guestwright ]; do sleep 0.2; done; echo written > /srv/probe"
    controller.lab.in_guest(GUEST, "timeout", "60", "sh", "-c", gone)
    controller.lab.fault(GUEST, "up")
    controller.assert_clean()
    assert controller.guestwright("cleanup", "--orphans").returncode == 0

"""Whole runs on the other kinds of guests and logins, and two runs on the same guests."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from controllers import Controller, wait_for_file
from labs import TestLab

pytestmark = pytest.mark.lab

FREEZE_SRV = {"application_processing": "require_success", "applications": {"filesystems": ["/srv"]}}
SNAPSHOT = {"command": ["sleep", "0.2"], "timeout": "10s"}


@pytest.mark.parametrize(
    "kind", [{"systemd": True}, {"login": "operator"}, {"login": "clerk"}], ids=["systemd", "operator", "clerk"]
)
def test_a_whole_run(lab: Callable[..., TestLab], tmp_path: Path, kind: dict[str, Any]) -> None:
    controller = Controller(lab(linux=1, **kind), tmp_path)
    done = controller.guestwright(
        "run",
        controller.job(guest_processing=FREEZE_SRV, session={"snapshot": SNAPSHOT}),
        *("-i", controller.lab.inventory, "--format", "json", "--report", "report.html"),
    )
    assert done.returncode == 0, done.stdout + done.stderr
    guest = json.loads(done.stdout)["guests"]["linux-001"]
    assert (guest["status"], guest["consistency"], guest["leftovers"]) == ("success", "application", [])
    controller.assert_clean()
    password = controller.lab.inventory.with_name("clerk_password")
    if password.exists():
        secret = password.read_text().strip()
        files = [path for path in tmp_path.rglob("*") if path.is_file()]
        assert [path for path in files if secret in path.read_text(errors="replace")] == []
        assert secret not in done.stdout + done.stderr


def test_a_run_on_guests_that_another_one_has_frozen_fails_and_leaves_that_one_alone(controller: Controller) -> None:
    blocking = f"echo > {controller.folder}/frozen; until [ -e {controller.folder}/go ]; do sleep 0.1; done"
    long = {"command": ["sh", "-c", blocking], "timeout": "50s"}
    one_guest = ("--limit", "linux-001")
    first = controller.start(controller.job(guest_processing=FREEZE_SRV, session={"snapshot": long}), *one_guest)
    wait_for_file(first, controller.folder / "frozen")
    code, second = controller.run(
        controller.job(name="other", guest_processing=FREEZE_SRV, session={"snapshot": SNAPSHOT}), *one_guest
    )
    (controller.folder / "go").touch()
    stdout, stderr = first.communicate(timeout=60)
    assert code == 4
    assert second["guests"]["linux-001"]["error"]["code"] in ("freeze_failed", "freeze_refused")
    assert second["guests"]["linux-001"]["leftovers"] == []
    assert first.returncode == 0, stderr
    assert json.loads(stdout)["guests"]["linux-001"]["consistency"] == "application"
    controller.assert_clean()

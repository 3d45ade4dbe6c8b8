"""Whole runs on real guests: what happens, what is reported, and that nothing is left."""

from __future__ import annotations

import json
import sys
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from controllers import Controller
from guestwright.schemas import load_schema

pytestmark = pytest.mark.lab

FREEZE_SRV = {"applications": {"filesystems": ["/srv"]}}
SNAPSHOT = {"command": ["sleep", "0.3"], "timeout": "10s"}
RECORD = "env | grep ^GUESTWRIGHT_ | sort >> {file}; echo -- >> {file}"


def record(controller: Controller, name: str) -> dict[str, Any]:
    """Return a session command that writes its GUESTWRIGHT_ variables to a file."""
    return {"command": ["sh", "-c", RECORD.format(file=controller.folder / name)], "timeout": "20s"}


def records(controller: Controller, name: str) -> list[dict[str, str]]:
    path = controller.folder / name
    blocks = path.read_text().split("--\n")[:-1] if path.exists() else []
    return [dict(line.partition("=")[::2] for line in block.splitlines()) for block in blocks]


def test_a_job_is_processed_reported_and_leaves_nothing(controller: Controller) -> None:
    job = controller.job(
        guest_processing={"application_processing": "require_success", **FREEZE_SRV},
        session={"snapshot": SNAPSHOT, "backup": record(controller, "backup")},
    )
    reports = [controller.folder / f"report{suffix}" for suffix in (".json", ".xml", ".html", ".md")]
    code, result = controller.run(job, *(word for report in reports for word in ("--report", str(report))))

    assert code == 0
    jsonschema.validate(result, load_schema("result"))
    for guest in result["guests"].values():
        assert (guest["status"], guest["consistency"]) == ("success", "application")
        assert (guest["method"], guest["route"], guest["deployer"]) == ("runtime", "admin", "backup_server")
        assert guest["freeze"]["file_systems"] == ["/srv"]
        assert guest["freeze"]["held"]
        assert 0.3 <= guest["freeze"]["seconds"] < 10
        assert guest["leftovers"] == []
        assert [step["answer"] for step in guest["trace"]] == ["yes", "no"]
    seen = records(controller, "backup")
    assert sorted(entry["GUESTWRIGHT_GUEST"] for entry in seen) == list(controller.lab.guests)
    assert {entry["GUESTWRIGHT_CONSISTENCY"] for entry in seen} == {"application"}
    assert {entry["GUESTWRIGHT_RUN_ID"] for entry in seen} == {result["run_id"]}
    assert json.loads(reports[0].read_text()) == result
    assert ET.parse(reports[1]).getroot().tag == "testsuites"
    assert all(report.stat().st_size > 200 for report in reports)
    controller.assert_clean()
    assert list((controller.folder / "state/runs").iterdir()) == []


def test_a_refused_freeze_fails_the_guest_or_degrades_it(controller: Controller) -> None:
    job = controller.job(
        guests=[
            {"hosts": "linux", "guest_processing": {"applications": {"filesystems": ["/usr"]}}},
            {"hosts": "linux-002", "guest_processing": {"application_processing": "require_success"}},
            {"hosts": "linux-003", "guest_processing": FREEZE_SRV},
        ],
        session={"snapshot": SNAPSHOT, "backup": record(controller, "backup")},
    )
    code, result = controller.run(job)
    guests = result["guests"]
    assert code == 4
    assert (guests["linux-001"]["status"], guests["linux-001"]["consistency"]) == ("degraded", "crash")
    assert (guests["linux-002"]["status"], guests["linux-002"]["error"]["code"]) == ("failed", "freeze_refused")
    assert guests["linux-003"]["status"] == "success"
    seen = {entry["GUESTWRIGHT_GUEST"]: entry["GUESTWRIGHT_CONSISTENCY"] for entry in records(controller, "backup")}
    assert seen == {"linux-001": "crash", "linux-003": "application"}
    controller.assert_clean()


def test_degraded_guests_make_exit_code_7_where_asked(controller: Controller) -> None:
    job = controller.job(guest_processing={"applications": {"filesystems": ["/usr"]}}, session={"snapshot": SNAPSHOT})
    assert controller.run(job, "--limit", "linux-001")[0] == 0
    assert controller.run(job, "--limit", "linux-001", "--fail-on", "degraded")[0] == 7


def test_a_guest_without_a_route_fails_alone(controller: Controller) -> None:
    controller.lab.fault("linux-002", "down")
    job = controller.job(
        guest_processing={"application_processing": "require_success", **FREEZE_SRV}, session={"snapshot": SNAPSHOT}
    )
    code, result = controller.run(job)
    assert code == 5
    assert {name: guest["status"] for name, guest in result["guests"].items()} == {
        "linux-001": "success",
        "linux-002": "failed",
        "linux-003": "success",
    }
    assert result["guests"]["linux-002"]["error"]["code"] == "no_route"
    assert result["guests"]["linux-002"]["reconnects"]["guest"] == 1
    controller.lab.fault("linux-002", "up")
    controller.assert_clean()


def test_a_guest_without_a_route_is_backed_up_where_failures_are_ignored(controller: Controller) -> None:
    controller.lab.fault("linux-002", "down")
    job = controller.job(guest_processing=FREEZE_SRV, session={"backup": record(controller, "backup")})
    code, result = controller.run(job)
    assert (code, result["guests"]["linux-002"]["status"]) == (0, "degraded"), result
    seen = {entry["GUESTWRIGHT_GUEST"]: entry["GUESTWRIGHT_CONSISTENCY"] for entry in records(controller, "backup")}
    assert seen == {"linux-001": "application", "linux-002": "crash", "linux-003": "application"}


def test_disabled_processing_touches_no_guest(controller: Controller) -> None:
    for guest in controller.lab.guests:
        controller.lab.fault(guest, "down")
    job = controller.job(
        guest_processing={"application_processing": "disabled"}, session={"backup": record(controller, "backup")}
    )
    code, result = controller.run(job)
    assert code == 0
    assert {(guest["status"], guest["consistency"]) for guest in result["guests"].values()} == {("success", "crash")}
    assert len(records(controller, "backup")) == 3


def test_a_failed_snapshot_thaws_and_makes_no_backup(controller: Controller) -> None:
    job = controller.job(
        guest_processing=FREEZE_SRV,
        session={"snapshot": {"command": ["false"], "timeout": "10s"}, "backup": record(controller, "backup")},
    )
    code, result = controller.run(job)
    assert code == 4
    assert {guest["error"]["code"] for guest in result["guests"].values()} == {"snapshot_failed"}
    assert records(controller, "backup") == []
    controller.assert_clean()


def test_a_freeze_that_expires_is_not_application_consistent(controller: Controller) -> None:
    job = controller.job(
        guest_processing={"freeze_timeout": "1s", **FREEZE_SRV},
        session={"snapshot": {"command": ["sleep", "3"], "timeout": "1s"}},
    )
    code, result = controller.run(job, "--limit", "linux-001")
    guest = result["guests"]["linux-001"]
    assert code == 4
    assert guest["error"]["code"] == "snapshot_timeout"
    controller.assert_clean()


def test_a_consistency_group_is_frozen_as_one(controller: Controller) -> None:
    job = controller.job(
        guest_processing={"application_processing": "require_success", **FREEZE_SRV},
        session={
            "consistency_group": "job",
            "snapshot": record(controller, "snapshot"),
            "backup": record(controller, "backup"),
        },
    )
    code, result = controller.run(job)
    assert code == 0
    assert {guest["consistency"] for guest in result["guests"].values()} == {"application"}
    (snapshot,) = records(controller, "snapshot")
    assert snapshot["GUESTWRIGHT_GUESTS"].split() == list(controller.lab.guests)
    assert len(snapshot["GUESTWRIGHT_ADDRESSES"].split()) == 3
    assert len(records(controller, "backup")) == 1
    controller.assert_clean()


def test_a_consistency_group_with_a_guest_that_must_succeed_is_given_up(controller: Controller) -> None:
    controller.lab.fault("linux-003", "down")
    job = controller.job(
        guest_processing={"application_processing": "require_success", **FREEZE_SRV},
        session={"consistency_group": "job", "snapshot": record(controller, "snapshot")},
    )
    code, result = controller.run(job)
    assert code == 4
    assert {name: guest["error"]["code"] for name, guest in result["guests"].items()} == {
        "linux-001": "group_failed",
        "linux-002": "group_failed",
        "linux-003": "no_route",
    }
    assert records(controller, "snapshot") == []
    controller.lab.fault("linux-003", "up")
    controller.assert_clean()


def test_a_group_goes_on_without_a_guest_whose_failure_is_ignored(controller: Controller) -> None:
    controller.lab.fault("linux-003", "down")
    job = controller.job(
        guest_processing=FREEZE_SRV,
        session={"consistency_group": "job", "snapshot": record(controller, "snapshot")},
    )
    code, result = controller.run(job)
    assert code == 0
    assert {name: (guest["status"], guest["consistency"]) for name, guest in result["guests"].items()} == {
        "linux-001": ("success", "application"),
        "linux-002": ("success", "application"),
        "linux-003": ("degraded", "crash"),
    }
    assert len(records(controller, "snapshot")) == 1


def test_what_is_left_on_a_guest_is_named_and_makes_exit_code_6(controller: Controller) -> None:
    plant = "/tmp/guestwright-forgotten"
    controller.lab.in_guest("linux-001", "touch", plant)
    try:
        code, result = controller.run(controller.job(), "--limit", "linux-001")
    finally:
        controller.lab.in_guest("linux-001", "rm", plant)
    assert code == 6
    assert result["guests"]["linux-001"]["leftovers"] == [{"kind": "file", "path": plant}]
    assert list(Path("/dev/shm").glob(f"guestwright-{result['run_id']}*")) == []
    assert controller.guestwright("cleanup", "--orphans").returncode == 0
    assert list((controller.folder / "state/runs").iterdir()) == []


def test_a_check_run_changes_nothing_and_says_what_would_change(controller: Controller) -> None:
    job = controller.job(guest_processing=FREEZE_SRV, session={"backup": record(controller, "backup")})
    code, result = controller.run(job, "--check", "--diff", "--detailed-exitcode")
    assert (code, result["exit_code"]) == (2, 2)
    assert result["check"]
    assert all(guest["changes"] for guest in result["guests"].values())
    assert records(controller, "backup") == []
    controller.assert_clean()


def test_nothing_of_a_job_is_evaluated_but_session_commands(controller: Controller) -> None:
    bait = controller.folder / "evaluated"
    expression = "{{ lookup('pipe', 'touch " + str(bait) + "') }}"
    job = controller.job(
        guest_processing={
            "scripts": {"pre_freeze": [["/usr/bin/true", expression, f"; touch {bait}", f"$(touch {bait})"]]},
            "applications": {"filesystems": [f"/srv/{expression}"]},
        },
        session={
            "backup": {
                "command": ["sh", "-c", f"echo '{{{{ inventory_hostname }}}}' >> {controller.folder}/said"],
                "timeout": "9s",
            }
        },
    )
    code, result = controller.run(job)
    assert code == 0
    assert {guest["status"] for guest in result["guests"].values()} == {"degraded"}
    assert not bait.exists()
    assert sorted((controller.folder / "said").read_text().split()) == list(controller.lab.guests)


def test_the_rendered_project_runs_with_plain_ansible_playbook(controller: Controller) -> None:
    job = controller.job(
        guest_processing=FREEZE_SRV, session={"snapshot": SNAPSHOT, "backup": record(controller, "backup")}
    )
    done = controller.guestwright("render", job, "-i", controller.lab.inventory, "--output", "rendered")
    assert done.returncode == 0, done.stderr
    rendered = controller.folder / "rendered"
    played = controller.lab.exec(
        str(Path(sys.executable).with_name("ansible-playbook")),
        "-i",
        "inventory",
        "project/site.yml",
        cwd=rendered,
        env=controller.environment,
        check=False,
    )
    assert played.returncode == 0, played.stdout
    assert played.stdout.count("failed=0") == 3
    assert len(records(controller, "backup")) == 3
    controller.assert_clean()

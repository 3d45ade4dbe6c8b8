from __future__ import annotations

from typing import Any

import pytest
from guestwright.exit_codes import ExitCode
from guestwright.results.collect import GuestRecord, RunFacts, exit_code, guest_result, must_release
from guestwright.results.documents import PhaseEvent
from guestwright.results.model import Failure, FreezeWindow, GuestResult, Leftover
from plans import guest_plan, record_of

PREPARED = {
    "phase": "prepare",
    "outcome": "prepared",
    "method": "runtime",
    "route": "admin",
    "trace": [],
    "seconds": 0.5,
}
SKIPPED = {"phase": "prepare", "outcome": "skipped"}
NO_ROUTE = {"phase": "prepare", "outcome": "failed", "error": {"code": "no_route", "message": "no route is open"}}
REFUSED = {"phase": "prepare", "outcome": "failed", "error": {"code": "not_root", "message": "not root"}}
DONE = {
    "phase": "session",
    "outcome": "done",
    "consistency": "application",
    "freeze": {"file_systems": ["/srv"], "seconds": 1.5, "held": True},
    "seconds": {"freeze": 0.1, "snapshot": 1.2},
}
CRASH = {"phase": "session", "outcome": "done", "consistency": "crash", "freeze": None, "seconds": {}}
BACKUP_FAILED = {**CRASH, "outcome": "failed", "error": {"code": "backup_failed", "message": "exit code 1"}}
RELEASED = {"phase": "release", "outcome": "released", "leftovers": [], "seconds": 0.2}
LEFT = {
    "phase": "release",
    "outcome": "failed",
    "leftovers": [{"kind": "file", "path": "/tmp/guestwright"}],
    "error": {"code": "leftovers", "message": "1 thing left"},
}
LOST = {"phase": "release", "outcome": "failed", "error": {"code": "link_lost", "message": "lost"}}
FACTS = RunFacts(session_wanted=True)


@pytest.mark.parametrize(
    ("documents", "mode", "status", "code"),
    [
        ([PREPARED, DONE, RELEASED], "require_success", "success", 0),
        ([PREPARED, DONE, RELEASED], "ignore_failures", "success", 0),
        ([PREPARED, CRASH, RELEASED], "ignore_failures", "degraded", 0),
        ([NO_ROUTE, CRASH], "ignore_failures", "degraded", 0),
        ([NO_ROUTE], "require_success", "failed", 5),
        ([REFUSED, RELEASED], "require_success", "failed", 4),
        ([REFUSED, CRASH, RELEASED], "ignore_failures", "degraded", 0),
        ([PREPARED, BACKUP_FAILED, RELEASED], "ignore_failures", "failed", 4),
        ([NO_ROUTE, BACKUP_FAILED], "ignore_failures", "failed", 4),
        ([CRASH], "disabled", "success", 0),
        ([{**CRASH, "outcome": "skipped"}], "disabled", "skipped", 0),
        ([PREPARED, DONE, LEFT], "ignore_failures", "failed", 6),
        ([PREPARED, DONE, LOST], "ignore_failures", "failed", 6),
        ([PREPARED, DONE], "ignore_failures", "failed", 4),
        ([PREPARED, RELEASED], "ignore_failures", "failed", 4),
        ([], "ignore_failures", "failed", 4),
    ],
)
def test_status_and_exit_code(documents: list[dict[str, Any]], mode: str, status: str, code: int) -> None:
    result = guest_result(guest_plan(application_processing=mode), record_of(*documents), FACTS)
    assert (result.status, exit_code([result], interrupted=False, fail_on_degraded=False)) == (status, code)


def test_an_ignored_prepare_does_not_hide_a_failed_backup() -> None:
    result = guest_result(guest_plan(), record_of(NO_ROUTE, BACKUP_FAILED), FACTS)
    assert result.error == Failure("backup_failed", "exit code 1")


def test_a_result_carries_what_the_phases_said() -> None:
    documents = (PREPARED, {**DONE, "reconnects": 1, "warnings": ["slow"]}, RELEASED)
    result = guest_result(guest_plan(), record_of(*documents), FACTS)
    assert result == GuestResult(
        name="web-1",
        status="success",
        method="runtime",
        route="admin",
        deployer="backup_server",
        consistency="application",
        guest_reconnects=1,
        phases={"prepare": 0.5, "freeze": 0.1, "snapshot": 1.2, "release": 0.2},
        freeze=FreezeWindow(("/srv",), 1.5, held=True),
        warnings=("slow",),
    )


def test_a_guest_that_could_not_be_asked_may_hold_something() -> None:
    result = guest_result(guest_plan(), record_of(PREPARED, DONE, LOST), FACTS)
    assert result.leftovers == (Leftover("unproven", "the guest could not be asked whether anything was left"),)


def test_a_failure_without_a_document_fails_the_guest() -> None:
    record = record_of(PREPARED, RELEASED)
    record.add("session", PhaseEvent("web-1", None, "'vm' is undefined"))
    result = guest_result(guest_plan(), record, FACTS)
    assert (result.status, result.error) == ("failed", Failure("internal", "'vm' is undefined"))


def test_an_interrupted_guest_says_so() -> None:
    facts = RunFacts(session_wanted=True, interrupted=True)
    result = guest_result(guest_plan(), record_of(PREPARED, RELEASED), facts)
    assert result.error is not None
    assert result.error.code == "interrupted"
    assert exit_code([result], interrupted=True, fail_on_degraded=False) is ExitCode.INTERRUPTED


def test_a_check_run_owes_no_release_and_says_what_it_would_change() -> None:
    facts = RunFacts(session_wanted=False, check=True)
    result = guest_result(guest_plan(), record_of({**PREPARED, "changes": ["deploy"]}), facts)
    assert (result.status, result.changes) == ("success", ("deploy",))


def test_changes_that_a_check_run_finds_are_told_only_where_asked() -> None:
    changing = GuestResult("a", "success", changes=("deploy",))
    assert exit_code([changing], interrupted=False, fail_on_degraded=False) is ExitCode.SUCCESS
    pending = exit_code([changing], interrupted=False, fail_on_degraded=False, tell_changes=True)
    assert pending is ExitCode.CHANGES_PENDING


def test_degraded_guests_fail_the_run_only_where_asked() -> None:
    degraded = GuestResult("a", "degraded")
    assert exit_code([degraded], interrupted=False, fail_on_degraded=True) is ExitCode.DEGRADED
    assert exit_code([degraded], interrupted=False, fail_on_degraded=False) is ExitCode.SUCCESS


@pytest.mark.parametrize(
    ("documents", "expected"),
    [
        ([], True),
        ([PREPARED], True),
        ([REFUSED], True),
        ([NO_ROUTE], False),
        ([{"phase": "prepare", "outcome": "skipped"}], False),
    ],
)
def test_only_a_guest_that_was_never_reached_needs_no_release(documents: list[dict[str, Any]], expected: bool) -> None:
    assert must_release(record_of(*documents) if documents else GuestRecord()) is expected

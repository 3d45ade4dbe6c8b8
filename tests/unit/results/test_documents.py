from __future__ import annotations

from typing import Any

from guestwright.results.documents import PhaseEvent, phase_events


def event(kind: str, res: dict[str, Any], action: str = "guestwright.components.prepare") -> dict[str, Any]:
    return {"event": kind, "event_data": {"host": "web-1", "task_action": action, "res": res}}


def test_a_document_is_taken_whether_the_task_failed_or_not() -> None:
    document = {"phase": "prepare", "outcome": "failed"}
    for kind in ("runner_on_ok", "runner_on_failed"):
        assert list(phase_events(event(kind, {"guestwright": document}))) == [PhaseEvent("web-1", document)]


def test_what_changes_is_told_as_a_difference() -> None:
    document = {"phase": "prepare", "outcome": "prepared"}
    diff = {"before": "", "after": "/run/guestwright/x\n"}
    (only,) = phase_events(event("runner_on_ok", {"guestwright": document, "diff": diff}))
    assert only.difference == "--- before\n+++ after\n@@ -0,0 +1 @@\n+/run/guestwright/x\n"


def test_a_groups_document_is_taken_apart() -> None:
    document = {"phase": "session", "guests": {"a": {"outcome": "done"}, "b": {"outcome": "failed"}}}
    assert list(phase_events(event("runner_on_ok", {"guestwright": document}))) == [
        PhaseEvent("a", {"phase": "session", "outcome": "done"}),
        PhaseEvent("b", {"phase": "session", "outcome": "failed"}),
    ]


def test_a_failure_without_a_document_is_kept_with_its_message() -> None:
    assert list(phase_events(event("runner_on_failed", {"msg": "'vm' is undefined"}))) == [
        PhaseEvent("web-1", None, "'vm' is undefined")
    ]


def test_an_unreachable_guest_is_kept() -> None:
    (only,) = phase_events(event("runner_on_unreachable", {"msg": "no way"}, "ansible.builtin.setup"))
    assert only.unreachable


def test_what_the_rescue_says_after_our_own_failure_is_left_out() -> None:
    assert list(phase_events(event("runner_on_failed", {"msg": "again"}, "ansible.builtin.fail"))) == []
    assert list(phase_events({"event": "playbook_on_stats", "event_data": {}})) == []

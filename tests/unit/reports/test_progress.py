"""What a phase returned, as one live line."""

from __future__ import annotations

from typing import Any

import pytest
from guestwright.reports.progress import event_line
from guestwright.results.documents import PhaseEvent

PREPARED = {"phase": "prepare", "outcome": "prepared", "method": "runtime", "route": "admin", "seconds": 0.41}
DONE = {
    "phase": "session",
    "outcome": "done",
    "consistency": "application",
    "freeze": {"file_systems": ["/srv"], "seconds": 1.25, "held": True},
    "seconds": {"freeze": 0.1, "snapshot": 1.2, "thaw": 0.1},
}
EXPIRED = DONE | {
    "consistency": "crash",
    "freeze": {"file_systems": ["/srv"], "seconds": 60.0, "held": False},
    "warnings": ["only a warning"],
}
FAILED = {"phase": "release", "outcome": "failed", "seconds": 3.0, "error": {"code": "link_lost", "message": "gone"}}


@pytest.mark.parametrize(
    ("phase", "document", "line"),
    [
        ("prepare", PREPARED, "[prepare  2/6] g  prepared  0.41 s  runtime over admin"),
        ("session", DONE, "[session  2/6] g  done      1.40 s  frozen for 1.25 s, consistency application"),
        (
            "session",
            EXPIRED,
            "[session  2/6] g  done      1.40 s  frozen for 60.00 s, not held, consistency crash, only a warning",
        ),
        ("release", FAILED, "[release  2/6] g  failed    3.00 s  link_lost: gone"),
        ("session", PREPARED, "[prepare  2/6] g  prepared  0.41 s  runtime over admin"),
    ],
)
def test_document_becomes_a_line_of_its_own_phase(phase: str, document: dict[str, Any], line: str) -> None:
    assert event_line(phase, PhaseEvent("g", document), 2, 6) == line


def test_failure_without_a_document_shows_what_ansible_said() -> None:
    event = PhaseEvent("g", None, "the template\ndoes not resolve")
    assert event_line("prepare", event, 1, 1) == "[prepare  1/1] g  failed    the template does not resolve"

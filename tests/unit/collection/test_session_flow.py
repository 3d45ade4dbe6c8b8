"""The order of a session, and what each failure means for the guests."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from ansible_collections.guestwright.components.plugins.plugin_utils.commands import Command, CommandOutcome
from ansible_collections.guestwright.components.plugins.plugin_utils.errors import GuestProcessingError, LinkError
from ansible_collections.guestwright.components.plugins.plugin_utils.interruption import InterruptedSessionError
from ansible_collections.guestwright.components.plugins.plugin_utils.session_flow import (
    NOT_PREPARED,
    NOTHING_TO_QUIESCE,
    SCRIPT_IGNORED,
    Participant,
    SessionCommands,
    predict,
    run_session,
)
from ansible_collections.guestwright.components.plugins.plugin_utils.settings import Settings

FREEZES = Settings(job="nightly", file_systems=("/srv",))
REQUIRED = Settings(job="nightly", file_systems=("/srv",), application_processing="require_success")
HELD = {"held": True, "seconds": 0.25, "ended_by": "request", "file_systems": ["/srv"], "scripts": [], "warnings": []}
EXPIRED = HELD | {"held": False, "seconds": 60.0, "ended_by": "deadline"}
SUCCESS = CommandOutcome(0, 0.5, False, "")
FAILURE = CommandOutcome(3, 0.5, False, "disk full")
TIMEOUT = CommandOutcome(None, 30.0, True, "still busy")


class Journal:
    """Doubles of the guests and of the commands, which note what happens in which order."""

    def __init__(self, **answers: Any) -> None:
        self.steps: list[str] = []
        self.variables: list[dict[str, str]] = []
        self.answers = answers

    def participant(self, name: str = "web1", settings: Settings = FREEZES, *, prepared: bool = True) -> Participant:
        return Participant(name, f"192.0.2.{name[-1]}", settings, prepared, lambda: _Link(self, name))

    def commands(self) -> SessionCommands:
        return SessionCommands(Command(("snapshot",), 30), Command(("backup",), 60), self.run)

    def run(self, command: Command, variables: Mapping[str, str]) -> CommandOutcome:
        self.variables.append(dict(variables))
        outcome = self.note(command.argv[0], "", SUCCESS)
        assert isinstance(outcome, CommandOutcome)
        return outcome

    def note(self, step: str, name: str, usual: object) -> object:
        self.steps.append(f"{step} {name}".strip())
        answer = self.answers.get(f"{step}_{name}", self.answers.get(step, usual))
        if isinstance(answer, BaseException):
            raise answer
        return answer


class _Link:
    def __init__(self, journal: Journal, name: str) -> None:
        self._journal = journal
        self._name = name
        self.reconnects = 0

    def deployed(self, verb: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
        usual: dict[str, Any] = HELD
        if verb == "freeze":
            usual = {"file_systems": arguments["file_systems"], "scripts": [], "warnings": []}
        answer = self._journal.note(verb, self._name, usual)
        assert isinstance(answer, dict)
        return answer


def run_one(journal: Journal, settings: Settings = FREEZES, *, prepared: bool = True) -> dict[str, Any]:
    participant = journal.participant(settings=settings, prepared=prepared)
    return run_session("run-1", [participant], journal.commands(), group=False)["web1"]


def test_a_session_freezes_takes_the_snapshot_thaws_and_backs_up() -> None:
    journal = Journal()
    document = run_one(journal)
    assert journal.steps == ["freeze web1", "snapshot", "thaw web1", "backup"]
    assert document["outcome"] == "done"
    assert document["consistency"] == "application"
    assert document["freeze"] == {"file_systems": ["/srv"], "seconds": 0.25, "held": True}
    assert list(document["seconds"]) == ["freeze", "snapshot", "thaw", "backup"]
    assert document["error"] is None
    assert journal.variables[0] == {
        "GUESTWRIGHT_JOB": "nightly",
        "GUESTWRIGHT_RUN_ID": "run-1",
        "GUESTWRIGHT_GUEST": "web1",
        "GUESTWRIGHT_ADDRESS": "192.0.2.1",
        "GUESTWRIGHT_CONSISTENCY": "application",
    }


BOTH = ["snapshot", "backup"]
ALL = ["freeze web1", "snapshot", "thaw web1", "backup"]
NO_BACKUP = ["freeze web1", "snapshot", "thaw web1"]
REFUSED = GuestProcessingError("freeze_refused", "/ is never frozen")
LOST = LinkError("link_lost", "gone")


@pytest.mark.parametrize(
    ("answers", "settings", "prepared", "steps", "outcome", "consistency", "code"),
    [
        pytest.param(
            {"freeze": REFUSED}, FREEZES, True, ["freeze web1", *BOTH], "done", "crash", "freeze_refused", id="ignored"
        ),
        pytest.param(
            {"freeze": REFUSED}, REQUIRED, True, ["freeze web1"], "failed", "none", "freeze_refused", id="required"
        ),
        pytest.param(
            {"freeze": LOST}, REQUIRED, True, ["freeze web1", "thaw web1"], "failed", "none", "link_lost", id="lost"
        ),
        pytest.param({"freeze": LOST}, FREEZES, True, ALL, "done", "crash", "link_lost", id="lost, ignored"),
        pytest.param({"thaw": EXPIRED}, FREEZES, True, ALL, "done", "crash", "freeze_expired", id="expired"),
        pytest.param(
            {"thaw": EXPIRED}, REQUIRED, True, NO_BACKUP, "failed", "crash", "freeze_expired", id="expired, required"
        ),
        pytest.param({"thaw": LOST}, FREEZES, True, ALL, "done", "crash", "link_lost", id="thaw lost"),
        pytest.param(
            {"thaw": LOST}, REQUIRED, True, NO_BACKUP, "failed", "crash", "link_lost", id="thaw lost, required"
        ),
        pytest.param(
            {"snapshot": FAILURE}, FREEZES, True, NO_BACKUP, "failed", "none", "snapshot_failed", id="snapshot"
        ),
        pytest.param(
            {"snapshot": TIMEOUT}, FREEZES, True, NO_BACKUP, "failed", "none", "snapshot_timeout", id="snapshot late"
        ),
        pytest.param({"backup": FAILURE}, FREEZES, True, ALL, "failed", "application", "backup_failed", id="backup"),
        pytest.param(
            {"backup": TIMEOUT}, FREEZES, True, ALL, "failed", "application", "backup_timeout", id="backup late"
        ),
        pytest.param({}, FREEZES, False, BOTH, "done", "crash", None, id="not prepared"),
        pytest.param({}, REQUIRED, False, [], "failed", "none", "not_prepared", id="not prepared, required"),
        pytest.param({}, Settings(application_processing="disabled"), True, BOTH, "done", "crash", None, id="disabled"),
        pytest.param({}, Settings(), True, BOTH, "done", "crash", None, id="nothing to quiesce"),
    ],
)
def test_what_a_failure_means(
    answers: dict[str, Any],
    settings: Settings,
    prepared: bool,
    steps: list[str],
    outcome: str,
    consistency: str,
    code: str | None,
) -> None:
    journal = Journal(**answers)
    document = run_one(journal, settings, prepared=prepared)
    assert journal.steps == steps
    assert document["outcome"] == outcome
    assert document["consistency"] == consistency
    assert (document["error"] or {}).get("code") == code


@pytest.mark.parametrize(
    ("settings", "prepared", "warnings"),
    [
        (Settings(), True, [NOTHING_TO_QUIESCE]),
        (FREEZES, False, [NOT_PREPARED]),
        (Settings(application_processing="disabled", file_systems=("/srv",)), True, []),
        (FREEZES, True, []),
    ],
)
def test_a_lower_consistency_is_explained(
    settings: Settings,
    prepared: bool,
    warnings: list[str],
) -> None:
    assert run_one(Journal(), settings, prepared=prepared)["warnings"] == warnings


def test_a_failed_script_after_a_thaw_that_held_does_not_take_the_consistency_of_the_snapshot() -> None:
    script_failed = GuestProcessingError("script_failed", "post-thaw: exit code 1", HELD)
    document = run_one(Journal(thaw=script_failed), REQUIRED)
    assert (document["outcome"], document["error"]["code"]) == ("failed", "script_failed")
    assert document["consistency"] == "application"
    assert document["freeze"] == {"file_systems": ["/srv"], "seconds": 0.25, "held": True}


def test_scripts_alone_quiesce_and_no_file_system_has_a_window() -> None:
    journal = Journal(thaw=HELD | {"file_systems": []})
    document = run_one(journal, Settings(pre_freeze=(("/opt/quiesce",),)))
    assert journal.steps == ALL
    assert document["consistency"] == "application"
    assert document["freeze"] is None


@pytest.mark.parametrize("outcome", ["failed", "timeout", "refused", "ok"])
def test_an_ignored_script_failure_is_only_crash_consistent(outcome: str) -> None:
    frozen = {"file_systems": ["/srv"], "scripts": [{"phase": "pre_freeze", "outcome": outcome}], "warnings": []}
    document = run_one(Journal(freeze=frozen), REQUIRED)
    assert document["outcome"] == "done"
    assert document["consistency"] == ("application" if outcome == "ok" else "crash")
    assert document["warnings"] == ([] if outcome == "ok" else [SCRIPT_IGNORED])


def test_the_consistency_that_the_backup_command_gets_is_the_one_after_the_thaw() -> None:
    journal = Journal(thaw=EXPIRED)
    run_one(journal)
    assert [variables["GUESTWRIGHT_CONSISTENCY"] for variables in journal.variables] == ["application", "crash"]


def test_without_commands_the_consistency_is_what_was_reached() -> None:
    journal = Journal()
    commands = SessionCommands(None, None, journal.run)
    document = run_session("run-1", [journal.participant()], commands, group=False)["web1"]
    assert journal.steps == ["freeze web1", "thaw web1"]
    assert document["consistency"] == "application"


def run_group(journal: Journal, *settings: Settings) -> dict[str, dict[str, Any]]:
    members = [journal.participant(f"web{number}", each) for number, each in enumerate(settings, start=1)]
    return run_session("run-1", members, journal.commands(), group=True)


def test_a_group_is_frozen_in_order_and_thawed_in_reverse() -> None:
    journal = Journal()
    documents = run_group(journal, FREEZES, FREEZES, REQUIRED)
    assert journal.steps == [
        *("freeze web1", "freeze web2", "freeze web3", "snapshot", "thaw web3", "thaw web2", "thaw web1", "backup"),
    ]
    assert {document["consistency"] for document in documents.values()} == {"application"}
    assert journal.variables[0]["GUESTWRIGHT_GUESTS"] == "web1 web2 web3"
    assert journal.variables[0]["GUESTWRIGHT_ADDRESSES"] == "192.0.2.1 192.0.2.2 192.0.2.3"
    assert "GUESTWRIGHT_GUEST" not in journal.variables[0]


def test_a_required_guest_that_does_not_freeze_leaves_nobody_frozen_and_no_snapshot() -> None:
    journal = Journal(freeze_web2=REFUSED)
    documents = run_group(journal, FREEZES, REQUIRED, FREEZES)
    assert journal.steps == ["freeze web1", "freeze web2", "thaw web1"]
    assert [document["error"]["code"] for document in documents.values()] == [
        *("group_failed", "freeze_refused", "group_failed"),
    ]
    assert {document["consistency"] for document in documents.values()} == {"none"}
    assert "web2" in documents["web1"]["error"]["message"]


def test_an_ignored_failure_lowers_the_group_for_its_commands_only() -> None:
    journal = Journal(freeze_web1=REFUSED)
    documents = run_group(journal, FREEZES, REQUIRED)
    assert journal.variables[0]["GUESTWRIGHT_CONSISTENCY"] == "crash"
    assert documents["web1"]["consistency"] == "crash"
    assert documents["web2"]["consistency"] == "application"
    assert {document["outcome"] for document in documents.values()} == {"done"}


def test_a_required_guest_whose_freeze_expired_stops_the_groups_backup() -> None:
    journal = Journal(thaw_web2=EXPIRED)
    documents = run_group(journal, FREEZES, REQUIRED)
    assert "backup" not in journal.steps
    assert documents["web1"]["error"]["code"] == "group_failed"
    assert documents["web1"]["consistency"] == "application"


@pytest.mark.parametrize("step", ["freeze_web2", "snapshot", "backup"])
def test_a_signal_thaws_what_is_frozen_and_fails_all(step: str) -> None:
    journal = Journal(**{step: InterruptedSessionError("SIGTERM")})
    documents = run_group(journal, FREEZES, FREEZES)
    assert {document["error"]["code"] for document in documents.values()} == {"interrupted"}
    assert "thaw web1" in journal.steps
    assert "thaw web2" in journal.steps
    assert ("backup" in journal.steps) == (step == "backup")


def test_an_unexpected_error_thaws_all_the_same() -> None:
    journal = Journal(snapshot=RuntimeError("broken"))
    with pytest.raises(RuntimeError):
        run_group(journal, FREEZES, FREEZES)
    assert journal.steps[-2:] == ["thaw web2", "thaw web1"]


def test_a_prediction_contacts_nobody() -> None:
    journal = Journal()
    documents = predict([journal.participant(), journal.participant("web2", Settings())], journal.commands())
    assert journal.steps == []
    assert documents["web1"]["changes"] == [
        *("freeze and thaw /srv", "run the snapshot command", "run the backup command"),
    ]
    assert documents["web2"]["changes"] == ["run the snapshot command", "run the backup command"]
    assert documents["web1"]["consistency"] == "none"

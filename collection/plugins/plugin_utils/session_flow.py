# Copyright (c) 2026 guestwright contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One session: freeze all guests in order, take the snapshot, thaw all in reverse order, back up.

A guest by itself is a group of one, so there is one flow. What a failure means is domain.md section 6: a guest that
must succeed stops the snapshot and the backup; one whose failures are ignored lowers the consistency to `crash`.

Consistency is `application` only where something was quiesced (file systems frozen, scripts run), all of it succeeded,
and it held until the thaw. A prepared guest with nothing to quiesce is `crash`: its disks look as after a power cut,
whatever runs on it.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from ansible_collections.guestwright.components.plugins.plugin_utils.commands import Command, CommandOutcome
from ansible_collections.guestwright.components.plugins.plugin_utils.errors import GuestProcessingError, LinkError
from ansible_collections.guestwright.components.plugins.plugin_utils.interruption import InterruptedSessionError
from ansible_collections.guestwright.components.plugins.plugin_utils.settings import Settings

NOTHING_TO_QUIESCE = "nothing was quiesced: the settings name neither file systems nor scripts for this guest"
SCRIPT_IGNORED = "only crash-consistent: a pre-freeze script did not succeed, and its failure is ignored"
NOT_PREPARED = "the guest was not prepared, so it is backed up without guest processing"


class GuestLink(Protocol):
    """What a session needs of a guest on the wire."""

    reconnects: int

    def deployed(self, verb: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
        """Run a verb with the deployed guest program."""


@dataclass(frozen=True)
class Participant:
    """A guest that takes part in a session.

    Attributes:
        name: its inventory name.
        address: what the session's commands get as its address.
        settings: its settings.
        prepared: False where its guest processing failed before.
        connect: opens the guest; called only where there is something to do on it.
    """

    name: str
    address: str
    settings: Settings
    prepared: bool
    connect: Callable[[], GuestLink]


@dataclass(frozen=True)
class SessionCommands:
    """The commands on the backup server, and how they are run (`commands.run`, or a double of it in tests)."""

    snapshot: Command | None
    backup: Command | None
    run: Callable[[Command, Mapping[str, str]], CommandOutcome]


@dataclass
class _Progress:
    """How far a session came with one participant."""

    participant: Participant
    link: GuestLink | None = None
    frozen: bool = False
    quiesced: bool = False
    taken: bool = False
    file_systems: tuple[str, ...] = ()
    window: dict[str, Any] | None = None
    consistency: str = "none"
    failed: bool = False
    error: GuestProcessingError | None = None
    seconds: dict[str, float] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)
    changes: list[str] = field(default_factory=list)

    def go_wrong(self, error: GuestProcessingError) -> None:
        """Note that guest processing went wrong; whether the guest has failed is for its settings to say."""
        self.consistency = "crash"
        self.note(error, "only crash-consistent: ")

    def note(self, error: GuestProcessingError, meaning: str = "") -> None:
        """Note an error; where failures are ignored it is a warning with its meaning before it."""
        self.error = self.error or error
        if self.participant.settings.required:
            self.failed = True
        else:
            self.warnings.append(f"{meaning}{error.message}")

    def fail(self, error: GuestProcessingError) -> None:
        """Note that the guest has failed, whatever its settings say."""
        self.error = self.error or error
        self.failed = True


def run_session(
    session: str, participants: Sequence[Participant], commands: SessionCommands, *, group: bool
) -> dict[str, dict[str, Any]]:
    """Run a session for its participants and return one result document for each, by name.

    Args:
        session: names the session on the guests and for the commands.
        participants: in the order in which they are frozen.
        commands: what runs on the backup server.
        group: whether the participants stand or fall together (consistency group `job`).
    """
    states = [_Progress(participant) for participant in participants]
    interruption: InterruptedSessionError | None = None
    try:
        _freeze_all(states)
        if not _any_failed(states):
            taken = _run_command("snapshot", commands.snapshot, session, states, commands, group=group)
            for state in states:
                state.taken = taken
    except InterruptedSessionError as signal:
        interruption = signal
    finally:
        for state in reversed(states):
            _thaw(state)
    if interruption is None and not _any_failed(states):
        try:
            _run_command("backup", commands.backup, session, states, commands, group=group)
        except InterruptedSessionError as signal:
            interruption = signal
    if interruption is not None:
        for state in states:
            state.fail(GuestProcessingError("interrupted", f"the session was ended by {interruption}"))
    _fail_with_the_group(states)
    return {state.participant.name: _document(state) for state in states}


def predict(participants: Sequence[Participant], commands: SessionCommands) -> dict[str, dict[str, Any]]:
    """Return what a session would do, without contact to any guest and without running a command."""
    documents = {}
    for participant in participants:
        state = _Progress(participant)
        if participant.settings.enabled and participant.prepared and participant.settings.quiesces:
            state.changes.append(_freeze_text(participant.settings))
        state.changes += [
            f"run the {name} command"
            for name, command in (("snapshot", commands.snapshot), ("backup", commands.backup))
            if command is not None
        ]
        documents[participant.name] = _document(state)
    return documents


def _any_failed(states: Sequence[_Progress]) -> bool:
    return any(state.failed for state in states)


def _freeze_all(states: Sequence[_Progress]) -> None:
    """Freeze in order; the first guest that must succeed and does not ends it, so no window is open for nothing."""
    for state in states:
        _freeze(state)
        if state.failed:
            return


def _freeze(state: _Progress) -> None:
    participant = state.participant
    settings = participant.settings
    if not settings.enabled:
        state.consistency = "crash"
        return
    if not participant.prepared:
        if settings.required:
            state.fail(
                GuestProcessingError("not_prepared", "guest processing must succeed, but the guest was not prepared")
            )
        else:
            state.consistency = "crash"
            state.warnings.append(NOT_PREPARED)
        return
    if not settings.quiesces:
        state.consistency = "crash"
        state.warnings.append(NOTHING_TO_QUIESCE)
        return
    started = time.monotonic()
    try:
        state.link = participant.connect()
        # Set before the exec: an answer that is lost on its way may belong to a freeze that succeeded.
        state.frozen = True
        answer = state.link.deployed("freeze", settings.freeze_arguments())
    except LinkError as error:
        state.go_wrong(error)
    except GuestProcessingError as error:
        state.frozen = False
        state.go_wrong(error)
    else:
        state.quiesced = True
        state.file_systems = tuple(answer.get("file_systems") or ())
        state.consistency = "application"
        state.changes.append(_freeze_text(settings))
        _note_answer(state, answer)
        if any(script.get("outcome") != "ok" for script in answer.get("scripts") or ()):
            state.consistency = "crash"
            state.warnings.append(SCRIPT_IGNORED)
    finally:
        state.seconds["freeze"] = time.monotonic() - started


def _thaw(state: _Progress) -> None:
    if not state.frozen or state.link is None:
        return
    started = time.monotonic()
    try:
        answer = state.link.deployed("thaw", {})
    except GuestProcessingError as error:
        if state.quiesced and error.details.get("held"):
            # The snapshot is as consistent as it can be: only what comes after the thaw went wrong.
            _note_window(state, error.details)
            state.note(error)
        elif state.quiesced:
            state.go_wrong(error)
        else:
            state.warnings.append(f"the thaw could not be confirmed: {error.message}; the guest thaws by itself")
    else:
        _note_answer(state, answer)
        if state.quiesced:
            _note_window(state, answer)
    finally:
        state.frozen = False
        state.seconds["thaw"] = time.monotonic() - started


def _note_window(state: _Progress, answer: Mapping[str, Any]) -> None:
    held = bool(answer.get("held"))
    seconds = float(answer.get("seconds") or 0.0)
    if state.file_systems:
        state.window = {"file_systems": list(state.file_systems), "seconds": seconds, "held": held}
    if not held:
        state.go_wrong(
            GuestProcessingError(
                "freeze_expired",
                f"the freeze ended by itself after {seconds:.1f} s, before the thaw; the snapshot must be done within "
                f"freeze_timeout ({state.participant.settings.freeze_timeout} s)",
            )
        )


def _note_answer(state: _Progress, answer: Mapping[str, Any]) -> None:
    state.warnings += [str(warning) for warning in answer.get("warnings") or ()]


def _run_command(
    name: str,
    command: Command | None,
    session: str,
    states: Sequence[_Progress],
    commands: SessionCommands,
    *,
    group: bool,
) -> bool:
    """Run a command once for all participants, note its outcome with each, and return whether it went well."""
    if command is None:
        return True
    outcome = commands.run(command, command_variables(session, states, group=group))
    for state in states:
        state.seconds[name] = outcome.seconds
        if outcome.succeeded:
            state.changes.append(f"run the {name} command")
        else:
            state.fail(_command_error(name, command, outcome))
    return outcome.succeeded


def _command_error(name: str, command: Command, outcome: CommandOutcome) -> GuestProcessingError:
    said = f": {outcome.stderr}" if outcome.stderr else ""
    if outcome.timed_out:
        return GuestProcessingError(f"{name}_timeout", f"the {name} command took longer than {command.timeout} s{said}")
    how = f"exit code {outcome.code}" if outcome.code is not None else "it could not be started"
    return GuestProcessingError(f"{name}_failed", f"the {name} command failed ({how}){said}")


def command_variables(session: str, states: Sequence[_Progress], *, group: bool) -> dict[str, str]:
    """Return the `GUESTWRIGHT_*` variables of a session's command."""
    first = states[0].participant
    application = all(state.consistency == "application" for state in states)
    variables = {
        "GUESTWRIGHT_JOB": first.settings.job,
        "GUESTWRIGHT_RUN_ID": session,
        "GUESTWRIGHT_CONSISTENCY": "application" if application else "crash",
    }
    if group:
        variables["GUESTWRIGHT_GUESTS"] = " ".join(state.participant.name for state in states)
        variables["GUESTWRIGHT_ADDRESSES"] = " ".join(state.participant.address for state in states)
    else:
        variables["GUESTWRIGHT_GUEST"] = first.name
        variables["GUESTWRIGHT_ADDRESS"] = first.address
    return variables


def _fail_with_the_group(states: Sequence[_Progress]) -> None:
    """Fail the guests of a group that has no snapshot or backup because of another guest of it."""
    culprit = next((state for state in states if state.failed and state.error), None)
    if culprit is None:
        return
    for state in states:
        if not state.failed:
            message = f"the group was not backed up because of {culprit.participant.name}"
            state.fail(GuestProcessingError("group_failed", message))


def _freeze_text(settings: Settings) -> str:
    parts = []
    if settings.runs_scripts:
        parts.append("run the scripts")
    if settings.file_systems:
        parts.append(f"freeze and thaw {', '.join(settings.file_systems)}")
    return " and ".join(parts)


def _document(state: _Progress) -> dict[str, Any]:
    return {
        "phase": "session",
        "guest": state.participant.name,
        "outcome": "failed" if state.failed else "done",
        "consistency": state.consistency if state.taken else "none",
        "freeze": state.window,
        "seconds": {name: round(seconds, 3) for name, seconds in state.seconds.items()},
        "reconnects": state.link.reconnects if state.link else 0,
        "changes": state.changes,
        "warnings": state.warnings,
        "error": state.error.as_dict() if state.error else None,
    }

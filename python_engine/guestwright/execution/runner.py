"""The adapter to ansible-runner: runs one phase's playbook and hands over what the actions returned.

ansible-runner calls its event handler inside its read loop, where a slow one kills good runs. So the handler only
queues, and the calling thread works the queue off.
"""

from __future__ import annotations

import os
import queue
import shutil
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import ansible_runner

from guestwright.errors import GuestwrightError
from guestwright.execution.ansible_settings import ansible_environment
from guestwright.execution.processes import stop_run, stop_ssh_masters
from guestwright.execution.workspace import Workspace
from guestwright.results.documents import PhaseEvent, phase_events

Event = Mapping[str, Any]

_POLL_SECONDS = 0.2
_JOIN_SECONDS = 30.0
_RESULT_EVENTS = frozenset({"runner_on_ok", "runner_on_failed", "runner_on_unreachable"})
_OUTPUT_EVENTS = frozenset({"error", "verbose", "warning", "system_warning", "deprecated"})
_OUTPUT_LINES = 40


@dataclass(frozen=True)
class Phase:
    """One run of a playbook.

    Attributes:
        name: the playbook's name without its suffix, such as `prepare`.
        guests: those that it concerns.
        forks: how many guests Ansible works on at a time.
        arguments: further arguments of `ansible-playbook`, such as `--check`.
    """

    name: str
    guests: Sequence[str]
    forks: int
    arguments: tuple[str, ...] = ()


@dataclass
class PhaseEnd:
    """How a phase ended: whether it was cancelled, and Ansible's last words, for where no task ran."""

    cancelled: bool = False
    output: list[str] = field(default_factory=list)

    def say(self, text: str) -> None:
        """Keep a line of output; only the last ones are kept."""
        self.output = [*self.output, text][-_OUTPUT_LINES:]


def run_phase(
    workspace: Workspace,
    phase: Phase,
    on_event: Callable[[PhaseEvent], None],
    cancelled: threading.Event,
) -> PhaseEnd:
    """Run one phase to its end and call `on_event`, in this thread, for what every guest returned.

    When `cancelled` is set, everything that the run has started on this machine is stopped. What is on the guests is
    not: that is the release's work.

    Raises:
        GuestwrightError: ansible-playbook could not be started at all.
    """
    events: queue.SimpleQueue[Event] = queue.SimpleQueue()
    end = PhaseEnd()
    artifacts = workspace.scratch / "artifacts"
    runner = _runner(workspace, phase, events, str(artifacts))
    thread = threading.Thread(target=_work, args=(runner, events), name=f"ansible-runner-{phase.name}", daemon=True)
    thread.start()
    try:
        while thread.is_alive() or not events.empty():
            if cancelled.is_set() and not end.cancelled:
                end.cancelled = True
                stop_run(workspace.run_id)
            for event in _drain(events):
                _take(event, end, on_event)
    except BaseException:
        stop_run(workspace.run_id)
        raise
    finally:
        thread.join(_JOIN_SECONDS)
        shutil.rmtree(artifacts, ignore_errors=True)
    return end


def _take(event: Event, end: PhaseEnd, on_event: Callable[[PhaseEvent], None]) -> None:
    if event["event"] in _OUTPUT_EVENTS:
        end.say(str(event["stdout"]))
    for phase_event in phase_events(event):
        on_event(phase_event)


def close_connections(workspace: Workspace) -> None:
    """End the connections that were kept open for the length of the run."""
    stop_ssh_masters(str(workspace.control_paths))


def _work(runner: ansible_runner.Runner, events: queue.SimpleQueue[Event]) -> None:
    """Run ansible-runner in its thread; what goes wrong in it becomes an event too."""
    try:
        runner.run()
    except Exception as error:  # noqa: BLE001 (a guest without a final result has failed, whatever the reason was)
        events.put({"event": "error", "stdout": f"ansible-runner: {type(error).__name__}: {error}"})


def _drain(events: queue.SimpleQueue[Event]) -> Iterator[Event]:
    """Yield what is queued, waiting a little for the first."""
    try:
        yield events.get(timeout=_POLL_SECONDS)
        while True:
            yield events.get_nowait()
    except queue.Empty:
        return


def _runner(
    workspace: Workspace, phase: Phase, events: queue.SimpleQueue[Event], artifacts: str
) -> ansible_runner.Runner:
    def handle(event: Event) -> bool:
        if event["event"] in _RESULT_EVENTS or (event["event"] in _OUTPUT_EVENTS and event.get("stdout")):
            events.put(event)
        return False

    try:
        return ansible_runner.interface.init_runner(
            private_data_dir=str(workspace.folder),
            artifact_dir=artifacts,
            ident=phase.name,
            playbook=f"{phase.name}.yml",
            limit=f"@{workspace.limit_file(phase.name, phase.guests)}",
            forks=phase.forks,
            cmdline=" ".join(phase.arguments) or None,
            envvars=ansible_environment(workspace, os.environ, Path.cwd()),
            event_handler=handle,
            # Without a callback of ours, ansible-runner would install signal handlers of its own.
            cancel_callback=lambda: False,
            quiet=True,
            suppress_env_files=True,
            suppress_output_file=True,
            suppress_ansible_output=True,
        )
    except (OSError, ansible_runner.exceptions.AnsibleRunnerException) as error:
        raise GuestwrightError(f"ansible-runner could not start the phase {phase.name}: {error}") from error

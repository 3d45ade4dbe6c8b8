"""Commands on the backup server, run for real."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest
from ansible_collections.guestwright.components.plugins.plugin_utils.commands import (
    STDERR_TAIL,
    Command,
    environment,
    run,
    split,
)


@pytest.mark.parametrize(
    ("command", "argv"),
    [
        ("snap --vm 'web 1' $HOME", ("snap", "--vm", "web 1", "$HOME")),
        (["snap", "--vm", "web 1; reboot"], ("snap", "--vm", "web 1; reboot")),
        (["snap", 3], ("snap", "3")),
    ],
)
def test_a_command_is_split_and_never_expanded(command: str | list[str], argv: tuple[str, ...]) -> None:
    assert split(command) == argv


@pytest.mark.parametrize("command", ["", [], ["", "x"], "snap 'open"])
def test_an_unusable_command_is_refused(command: str | list[str]) -> None:
    with pytest.raises(ValueError, match=r"empty|quotation"):
        split(command)


def test_the_environment_is_small() -> None:
    assert environment({"PATH": "/bin", "SECRET": "x"}, {"GUESTWRIGHT_JOB": "n"}) == {
        "PATH": "/bin",
        "GUESTWRIGHT_JOB": "n",
    }


def test_a_command_gets_our_variables_and_no_shell(tmp_path: Path) -> None:
    target = tmp_path / "out"
    command = Command(
        ("python3", "-c", f"import os; open({str(target)!r}, 'w').write(os.environ['GUESTWRIGHT_JOB'])"), 30
    )
    outcome = run(command, {"GUESTWRIGHT_JOB": "night; ly"})
    assert outcome.succeeded
    assert target.read_text() == "night; ly"


def test_the_end_of_stderr_is_kept() -> None:
    outcome = run(Command(("sh", "-c", "head -c 100000 /dev/zero | tr '\\0' x >&2; echo the end >&2; exit 3"), 30), {})
    assert outcome.code == 3
    assert outcome.stderr.endswith("the end")
    assert len(outcome.stderr) <= STDERR_TAIL


def test_a_missing_program_says_so() -> None:
    outcome = run(Command(("/no/such/program",), 5), {})
    assert outcome.code is None
    assert not outcome.timed_out
    assert "/no/such/program" in outcome.stderr


def test_the_deadline_ends_the_whole_process_group(tmp_path: Path) -> None:
    pid_file = tmp_path / "pid"
    outcome = run(Command(("sh", "-c", f"sleep 300 & echo $! > {pid_file}; echo waiting >&2; wait"), 1), {})
    assert outcome.timed_out
    assert not outcome.succeeded
    assert outcome.stderr == "waiting"
    assert _is_gone(int(pid_file.read_text()))


def _is_gone(pid: int) -> bool:
    """Tell whether a process ends within a few seconds; a zombie that nobody has collected yet has ended."""
    deadline = time.monotonic() + 5
    while time.monotonic() < deadline:
        try:
            state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
        except (FileNotFoundError, ProcessLookupError):
            return True
        if state == "Z":
            return True
        os.sched_yield()
    return False

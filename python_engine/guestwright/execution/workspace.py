"""The folders of a run: its private data dir, and a scratch folder in memory for sockets and events."""

from __future__ import annotations

import dataclasses
import datetime
import json
import os
import secrets
import shutil
import tempfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from guestwright.errors import UsageError
from guestwright.rendering.project import GUEST_GROUP

STATE_OVERLAY = "inventory/99_guestwright_state.json"
_SCRATCH = "scratch"
_MEMORY = Path("/dev/shm")  # noqa: S108 (a folder of ours, 0700, is made in it)


@dataclass(frozen=True)
class Workspace:
    """Where one run keeps its files.

    Attributes:
        run_id: names the run.
        folder: the ansible-runner private data dir; kept until every guest is released.
        scratch: in memory where there is `/dev/shm`, for the event files that ansible-runner writes and reads back, and
            because a control socket's path must be short.
    """

    run_id: str
    folder: Path
    scratch: Path

    @property
    def tombstone(self) -> Path:
        """Return the file whose existence tells a late `prepare` that the run is over."""
        return self.folder / "project/tombstone"

    @property
    def control_paths(self) -> Path:
        """Return the folder of the sockets over which ssh shares one connection per guest."""
        return self.scratch / "cp"

    def limit_file(self, phase: str, guests: Iterable[str]) -> Path:
        """Write the names of a phase's guests to the file that `--limit` reads, and return it."""
        path = self.folder / f"{phase}.limit"
        write_private(path, "".join(f"{guest}\n" for guest in guests).encode())
        return path

    def mark_unprepared(self, guests: Iterable[str]) -> None:
        """Tell the session phase which guests go on without guest processing."""
        hosts = {guest: {"guestwright_prepared": False} for guest in guests}
        write_private(self.folder / STATE_OVERLAY, json.dumps({GUEST_GROUP: {"hosts": hosts}}).encode())

    def remove_scratch(self) -> None:
        """Remove what is in memory; the rest is kept for `cleanup`, which makes a new one."""
        shutil.rmtree(self.scratch, ignore_errors=True)

    def remove(self) -> None:
        """Remove both folders."""
        self.remove_scratch()
        shutil.rmtree(self.folder, ignore_errors=True)


def state_folder(environment: Mapping[str, str]) -> Path:
    """Return where ledger and runs are kept: `GUESTWRIGHT_STATE_DIR`, else below `XDG_STATE_HOME`."""
    if chosen := environment.get("GUESTWRIGHT_STATE_DIR"):
        return Path(chosen).absolute()
    base = environment.get("XDG_STATE_HOME") or Path.home() / ".local/state"
    return Path(base) / "guestwright"


def new_run_id(now: datetime.datetime) -> str:
    """Return a name for a run that sorts by time and that no other run has."""
    return f"{now:%Y%m%dt%H%M%S}-{secrets.token_hex(4)}"


def workspace_of(run_id: str, folder: Path) -> Workspace:
    """Return the workspace of a run whose folder is known; makes nothing. Its scratch folder is the last one it had."""
    try:
        scratch = Path((folder / _SCRATCH).read_text(encoding="utf-8"))
    except OSError:
        scratch = folder / "scratch.d"
    return Workspace(run_id, folder, scratch)


def run_folder(state: Path, run_id: str) -> Path:
    """Return where the workspace of a run is."""
    return state / "runs" / run_id


def create_workspace(run_id: str, state: Path, files: Mapping[str, bytes]) -> Workspace:
    """Make a run's folders (0700) and write the rendered files into them."""
    folder = run_folder(state, run_id)
    write_project(folder, files)
    return make_scratch(workspace_of(run_id, folder))


def make_scratch(workspace: Workspace) -> Workspace:
    """Make a new scratch folder (0700) in place of the last one; its name cannot be guessed by another user."""
    shutil.rmtree(workspace.scratch, ignore_errors=True)
    base = _MEMORY if os.access(_MEMORY, os.W_OK) else Path(tempfile.gettempdir())
    scratch = Path(tempfile.mkdtemp(prefix=f"guestwright-{workspace.run_id}-", dir=base))
    write_private(workspace.folder / _SCRATCH, str(scratch).encode())
    return dataclasses.replace(workspace, scratch=scratch)


def write_project(folder: Path, files: Mapping[str, bytes]) -> None:
    """Write a rendered project into a folder that is new or empty.

    Raises:
        UsageError: there is something in the folder already.
    """
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise UsageError(f"{folder} is not an empty folder", "name a new one, or empty it first")
    make_private(folder)
    folder.chmod(0o700)
    for name, content in files.items():
        path = folder / name
        make_private(path.parent)
        executable = name.startswith("inventory/") and content.startswith(b"#!")
        write_private(path, content, 0o700 if executable else 0o600)


def make_private(folder: Path) -> None:
    """Make a folder, and those above it that do not exist, so that nobody else may enter them."""
    missing = [path for path in (folder, *folder.parents) if not path.exists()]
    for path in reversed(missing):
        path.mkdir(mode=0o700, exist_ok=True)


def write_private(path: Path, content: bytes, mode: int = 0o600) -> None:
    """Write a file that nobody else may read, never half: a reader sees the old or the new one."""
    temporary = path.with_name(path.name + ".new")
    with os.fdopen(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode), "wb") as file:
        file.write(content)
    temporary.rename(path)

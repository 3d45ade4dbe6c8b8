"""The journal of what was deployed where (SQLite), written before it is deployed.

A controller can be killed at any moment; what it left is then found here and finished by `guestwright cleanup`.
"""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from guestwright.errors import GuestwrightError

GuestState = Literal["planned", "released", "left"]

_SCHEMA = """
CREATE TABLE IF NOT EXISTS runs (
    run_id TEXT PRIMARY KEY, job TEXT NOT NULL, started TEXT NOT NULL, folder TEXT NOT NULL,
    pid INTEGER NOT NULL, process_start TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('running', 'finished', 'tombstone'))
);
CREATE TABLE IF NOT EXISTS guests (
    run_id TEXT NOT NULL REFERENCES runs (run_id), guest TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('planned', 'released', 'left')),
    PRIMARY KEY (run_id, guest)
);
"""
_BUSY_SECONDS = 30.0


@dataclass(frozen=True)
class LedgerRun:
    """One run in the ledger.

    Attributes:
        run_id: its name, on guests too.
        job: the job's name.
        started: RFC 3339, UTC.
        folder: its workspace.
        pid: the engine's process.
        process_start: tells that process from a later one with the same number.
        state: `running` until it has released its guests; `tombstone` once `cleanup` has taken it over.
    """

    run_id: str
    job: str
    started: str
    folder: str
    pid: int
    process_start: str
    state: str = "running"


class Ledger:
    """The open journal; every method commits before it returns."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def begin(self, run: LedgerRun) -> None:
        """Write down a run, before it makes its workspace."""
        with self._connection:
            self._connection.execute(
                "INSERT INTO runs VALUES (?, ?, ?, ?, ?, ?, ?)",
                (
                    run.run_id,
                    run.job,
                    run.started,
                    run.folder,
                    run.pid,
                    run.process_start,
                    run.state,
                ),
            )

    def plan(self, run_id: str, guests: Iterable[str]) -> None:
        """Write down all guests that a run may deploy to, before it touches any of them."""
        with self._connection:
            self._connection.executemany(
                "INSERT INTO guests VALUES (?, ?, 'planned')", ((run_id, guest) for guest in guests)
            )

    def mark(self, run_id: str, guests: Iterable[str], state: GuestState) -> None:
        """Write down what became of a run's deployments; a released guest stays one."""
        with self._connection:
            self._connection.executemany(
                "UPDATE guests SET state = ? WHERE run_id = ? AND guest = ? AND state != 'released'",
                ((state, run_id, guest) for guest in guests),
            )

    def finish(self, run_id: str) -> None:
        """Close a run; a tombstone stays one, and a run with guests that were not released stays open for `cleanup`."""
        if not self.pending(run_id):
            with self._connection:
                self._connection.execute(
                    "UPDATE runs SET state = 'finished' WHERE run_id = ? AND state = 'running'", (run_id,)
                )

    def bury(self, run_id: str) -> None:
        """Set a tombstone: the run is over, and a late `prepare` of it must not deploy."""
        with self._connection:
            self._connection.execute("UPDATE runs SET state = 'tombstone' WHERE run_id = ?", (run_id,))

    def pending(self, run_id: str) -> tuple[str, ...]:
        """Return the guests of a run on which something may still be, in the order in which they were planned."""
        rows = self._connection.execute(
            "SELECT guest FROM guests WHERE run_id = ? AND state != 'released' ORDER BY rowid", (run_id,)
        )
        return tuple(str(row[0]) for row in rows)

    def unfinished(self) -> tuple[LedgerRun, ...]:
        """Return the runs that have not released all their guests, the oldest first."""
        rows = self._connection.execute(
            "SELECT run_id, job, started, folder, pid, process_start, state FROM runs"
            " WHERE state = 'running' OR EXISTS"
            " (SELECT 1 FROM guests WHERE guests.run_id = runs.run_id AND guests.state != 'released')"
            " ORDER BY started, run_id"
        )
        return tuple(LedgerRun(*row) for row in rows)


@contextlib.contextmanager
def open_ledger(path: Path) -> Iterator[Ledger]:
    """Open the ledger, and make it where it does not exist yet (folder 0700, file 0600).

    Raises:
        GuestwrightError: it cannot be opened or written; nothing may be deployed then.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        path.touch(mode=0o600)
        connection = sqlite3.connect(path, timeout=_BUSY_SECONDS)
    except (OSError, sqlite3.Error) as error:
        raise _unusable(path, error) from error
    try:
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute("PRAGMA synchronous = FULL")
        connection.executescript(_SCHEMA)
        yield Ledger(connection)
    except sqlite3.Error as error:
        raise _unusable(path, error) from error
    finally:
        connection.close()


def _unusable(path: Path, error: Exception) -> GuestwrightError:
    return GuestwrightError(
        f"the ledger {path} cannot be used: {error}",
        "nothing is deployed without it; mend its rights or disk, or set GUESTWRIGHT_STATE_DIR to another folder",
    )

"""One lock per state folder, so that a cleanup never meets another one, nor a run that is just beginning."""

from __future__ import annotations

import contextlib
import fcntl
import os
from collections.abc import Callable, Iterator
from pathlib import Path

from guestwright.errors import GuestwrightError
from guestwright.execution.workspace import make_private

_LOCK = "cleanup.lock"


@contextlib.contextmanager
def cleaning(state: Path, tell: Callable[[str], None]) -> Iterator[None]:
    """Hold the lock of a cleanup; waits for another one to end."""
    with _locked(state, fcntl.LOCK_EX, tell):
        yield


@contextlib.contextmanager
def beginning(state: Path, tell: Callable[[str], None]) -> Iterator[None]:
    """Hold off cleanups while a run writes itself into the ledger: what is not in it would be taken for an orphan."""
    with _locked(state, fcntl.LOCK_SH, tell):
        yield


@contextlib.contextmanager
def _locked(state: Path, kind: int, tell: Callable[[str], None]) -> Iterator[None]:
    try:
        make_private(state)
        descriptor = os.open(state / _LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise GuestwrightError(
            f"the state folder {state} cannot be used: {error.strerror}",
            "mend its rights or disk, or set GUESTWRIGHT_STATE_DIR to another folder",
        ) from error
    try:
        try:
            fcntl.flock(descriptor, kind | fcntl.LOCK_NB)
        except BlockingIOError:
            tell("waiting for a cleanup to end")
            fcntl.flock(descriptor, kind)
        yield
    finally:
        os.close(descriptor)

# Copyright (c) 2026 guestwright contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Operations run at most once: a repeat waits for the first and gets its answer (design.md section 4)."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable
from typing import Any

from . import wire
from .wire import GuestError

KEEP = 64


class _Operation:
    def __init__(self, fingerprint: str) -> None:
        self.fingerprint = fingerprint
        self.done = threading.Event()
        self.answer: dict[str, Any] = {}


class Operations:
    """The operations of a helper: those that run, and the answers of the last `KEEP` that have ended."""

    def __init__(self, keep: int = KEEP) -> None:
        self._keep = keep
        self._lock = threading.Lock()
        self._known: OrderedDict[str, _Operation] = OrderedDict()

    @property
    def running(self) -> bool:
        """Whether an operation is under way."""
        with self._lock:
            return any(not operation.done.is_set() for operation in self._known.values())

    def run(self, operation: str, fingerprint: str, work: Callable[[], dict[str, Any]]) -> dict[str, Any]:
        """Do the work, or wait for the one that does it already, and return the answer.

        Args:
            operation: the id.
            fingerprint: what is asked for; the same id may not ask for two things.
            work: does it; a `GuestError` becomes the answer, anything else `internal_error`.

        Raises:
            GuestError: `operation_conflict`.
        """
        with self._lock:
            entry = self._known.get(operation)
            first = entry is None
            if entry is None:
                entry = self._known[operation] = _Operation(fingerprint)
                self._forget_oldest()
        if entry.fingerprint != fingerprint:
            raise GuestError("operation_conflict", f"operation {operation} was another request; use a fresh id")
        if first:
            try:
                entry.answer = wire.success(operation, work())
            except GuestError as error:
                entry.answer = wire.failure(operation, error)
            except Exception as error:  # noqa: BLE001
                entry.answer = wire.failure(operation, GuestError("internal_error", f"{type(error).__name__}: {error}"))
            finally:
                entry.done.set()
        entry.done.wait()
        return entry.answer

    def _forget_oldest(self) -> None:
        for name in [name for name, entry in self._known.items() if entry.done.is_set()][: -self._keep or None]:
            del self._known[name]

# Copyright (c) 2026 guestwright contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Freezing and thawing as the Guest Helper does it: scripts, the watchdog, and the helper's own way to thaw."""

from __future__ import annotations

import contextlib
import json
import os
import select
import sys
import threading
import time
from typing import Any

from . import freeze_record, ioctls, mounts, paths, scripts, wire
from .wire import GuestError

MODES = ("require_success", "ignore_failures", "disabled")
_GIVEN_UP = "the freeze was given up: a thaw or the end of the session came first"


class _Watchdog:
    """The helper's end of a watchdog process."""

    def __init__(self, session: str) -> None:
        import subprocess

        self._process = subprocess.Popen(
            [sys.executable, *paths.INTERPRETER_FLAGS, sys.argv[0], wire.ARGV_WORD, session, "watchdog"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            cwd="/",
            start_new_session=True,
        )
        self._received = b""

    def send(self, line: bytes) -> None:
        """Tell it something; one that has died is noticed by the reader."""
        with contextlib.suppress(OSError):
            os.write(self._process.stdin.fileno(), line)  # type: ignore[union-attr]

    def read(self, timeout: float) -> dict[str, Any] | None:
        """Return its next message; None where it said nothing within `timeout` seconds.

        Raises:
            EOFError: it has died.
        """
        descriptor = self._process.stdout.fileno()  # type: ignore[union-attr]
        deadline = time.monotonic() + timeout
        while b"\n" not in self._received:
            remaining = deadline - time.monotonic()
            if not select.select([descriptor], [], [], max(0.0, remaining))[0]:
                return None
            chunk = os.read(descriptor, 65536)
            if not chunk:
                raise EOFError
            self._received += chunk
        line, _separator, self._received = self._received.partition(b"\n")
        message: dict[str, Any] = json.loads(line.decode("ascii"))
        return message

    def close(self, kill: bool = False) -> bool:
        """Let it end, or kill it; return whether it ended in order, and so has thawed all that it froze."""
        import subprocess

        if kill:
            self._process.kill()
        with contextlib.suppress(OSError):
            self._process.stdin.close()  # type: ignore[union-attr]
        try:
            self._process.wait(5.0)
        except subprocess.TimeoutExpired:
            self._process.kill()
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(5.0)
        self._process.stdout.close()  # type: ignore[union-attr]
        return self._process.returncode == 0


class Quiescence:
    """The freeze of one session: at most one at a time."""

    def __init__(self, session: str, homes: list[str]) -> None:
        self._session = session
        self._homes = homes
        self._lock = threading.Lock()
        self._cancel = threading.Event()
        self._ended = threading.Event()
        self._ended.set()
        self._unclaimed: dict[str, Any] | None = None
        self._watchdog: _Watchdog | None = None
        self._settings: dict[str, Any] = {}
        self._frozen: list[str] = []
        self.state = "idle"

    def freeze(self, arguments: dict[str, Any]) -> dict[str, Any]:
        """Run the pre-freeze scripts and freeze; on any failure all is thawed before this raises.

        Raises:
            GuestError: `busy`, `freeze_refused`, `freeze_failed`, `freeze_expired`, `script_failed`, `cancelled`.
        """
        requested = wire.strings(arguments, "file_systems")
        timeout = wire.seconds(arguments, "freeze_timeout", 60)
        settings = _script_settings(arguments.get("scripts") or {})
        with self._lock:
            if self.state != "idle":
                raise GuestError("busy", f"session {self._session} is {self.state} already; thaw it first")
            mounts.select(requested, self._homes, paths.session_directory(self._session))
            self.state = "freezing"
            self._settings = settings
            self._unclaimed = None
            self._cancel.clear()
            self._ended.clear()
        try:
            return self._freeze(requested, timeout)
        except BaseException:
            self._finish(None)
            raise

    def _freeze(self, requested: list[str], timeout: float) -> dict[str, Any]:
        settings = self._settings
        active = settings["mode"] != "disabled"
        record = {"id": time.monotonic_ns(), "file_systems": [], "scripts": settings}
        freeze_record.write(self._session, record)
        watchdog = _Watchdog(self._session)
        descriptors: list[tuple[str, int]] = []
        frozen = False
        try:
            results = self._pre_freeze() if active else []
            chosen = mounts.select(requested, self._homes, paths.session_directory(self._session))
            entries = [{"path": mount.path, "device": mount.device} for mount in chosen]
            descriptors.extend((mount.path, ioctls.open_mount(mount.path, mount.device)) for mount in chosen)
            freeze_record.write(self._session, {**record, "file_systems": entries})
            started = time.monotonic()
            message = self._order(watchdog, {"file_systems": entries, "timeout": timeout}, started + timeout)
            warnings = scripts.problems(results)
            if message.get("warning"):
                warnings.append(message["warning"])
            self._watchdog = watchdog
            self._frozen = [mount.path for mount in chosen]
            self.state = "frozen"
            frozen = True
            threading.Thread(
                target=self._follow, args=(watchdog, descriptors, started, timeout), name="freeze", daemon=True
            ).start()
            return {"file_systems": list(self._frozen), "scripts": results, "warnings": warnings}
        except OSError as error:
            raise GuestError("freeze_failed", str(error)) from error
        except GuestError as error:
            _close_all(descriptors, thaw=not watchdog.close())
            error.details = self._after_failure(error)
            raise
        finally:
            if not frozen:
                _close_all(descriptors, thaw=not watchdog.close())

    def _after_failure(self, error: GuestError) -> dict[str, Any]:
        results = list((error.details or {}).get("scripts", []))
        results += self._post_thaw()
        return {"scripts": results, "warnings": scripts.problems(results)}

    def _pre_freeze(self) -> list[dict[str, Any]]:
        strict = self._settings["mode"] == "require_success"
        results = scripts.run_all(
            self._settings["pre_freeze"],
            session=self._session,
            phase="pre_freeze",
            timeout=self._settings["timeout"],
            cancelled=self._cancel.is_set,
            stop_at_failure=strict,
        )
        if self._cancel.is_set():
            raise GuestError("cancelled", _GIVEN_UP)
        failures = scripts.problems(results)
        if strict and failures:
            raise GuestError("script_failed", failures[0], {"scripts": results})
        return results

    def _order(self, watchdog: _Watchdog, order: dict[str, Any], deadline: float) -> dict[str, Any]:
        """Have the watchdog freeze, and wait until it has."""
        sent = False
        while True:
            if self._cancel.is_set():
                raise GuestError("cancelled", _GIVEN_UP)
            try:
                message = watchdog.read(0.05)
            except EOFError:
                raise GuestError("freeze_failed", "the watchdog died during the freeze; all is thawed") from None
            if message is None:
                if time.monotonic() > deadline + 5.0:
                    raise GuestError("freeze_expired", "the freeze did not end within its time, and is given up")
                continue
            if message["event"] == "ready" and not sent:
                sent = True
                watchdog.send(wire.encode(order))
            elif message["event"] == "frozen":
                return message
            elif message["event"] == "failed":
                raise GuestError(message["code"], message["message"])
            elif message["event"] == "ended":
                raise GuestError(
                    "freeze_expired", f"the freeze was not complete after {order['timeout']:g} s; all is thawed"
                )

    def _follow(self, watchdog: _Watchdog, descriptors: list[tuple[str, int]], started: float, timeout: float) -> None:
        """Wait for the end of a freeze, whoever ends it; where the watchdog fails, thaw with our own descriptors."""
        message: dict[str, Any] | None = None
        ended_by = "watchdog_died"
        with contextlib.suppress(EOFError):
            message = watchdog.read(started + timeout + 2.0 - time.monotonic())
            if message is None:
                ended_by = "watchdog_hung"
        in_order = watchdog.close(kill=message is None)
        errors = _close_all(descriptors, thaw=not in_order or bool(message and message["errors"]))
        result = {
            **wire.NOT_FROZEN,
            "seconds": round(time.monotonic() - started, 3),
            "ended_by": ended_by,
            "file_systems": list(self._frozen),
            "warnings": errors,
        }
        if message is not None:
            result["seconds"] = message["seconds"]
            result["ended_by"] = "someone_else" if message["foreign"] else message["ended_by"]
            result["warnings"] = errors + list(message["errors"])
        result["held"] = result["ended_by"] == "request"
        self._finish(result)

    def _finish(self, result: dict[str, Any] | None) -> None:
        """Run what is due after a thaw and be idle again, whatever comes of it: a thaw waits for the end."""
        try:
            late = self._post_thaw()
            if result is not None:
                result["scripts"] = late
                result["warnings"] = list(result["warnings"]) + scripts.problems(late)
                if self._settings["mode"] == "require_success":
                    result["script_failed"] = next(iter(scripts.problems(late)), "")
        finally:
            with contextlib.suppress(OSError):
                freeze_record.remove(self._session)
            with self._lock:
                self._unclaimed = result
                self._watchdog = None
                self._frozen = []
                self.state = "idle"
                self._ended.set()

    def _post_thaw(self) -> list[dict[str, Any]]:
        """Run the post-thaw scripts if they are due: exactly once in the life of a freeze."""
        record = freeze_record.read(self._session)
        if record is None or not freeze_record.claim_post_thaw(self._session, record):
            return []
        return scripts.run_all(
            self._settings["post_thaw"],
            session=self._session,
            phase="post_thaw",
            timeout=self._settings["timeout"],
        )

    def thaw(self) -> dict[str, Any]:
        """Thaw, or say how the freeze ended before; a freeze that is still under way is given up.

        Raises:
            GuestError: `script_failed` where a post-thaw script failed and the job requires success; all is thawed, and
                `details` holds the result.
        """
        self._cancel.set()
        watchdog = self._watchdog
        if watchdog is not None:
            watchdog.send(b"thaw\n")
        self._ended.wait()
        with self._lock:
            result, self._unclaimed = self._unclaimed, None
        if result is None:
            return dict(wire.NOT_FROZEN)
        problem = result.pop("script_failed", "")
        if problem:
            raise GuestError("script_failed", problem, result)
        return result

    def end(self) -> dict[str, Any]:
        """Thaw for the end of the session: as `thaw`, but a failed script is only told."""
        try:
            return self.thaw()
        except GuestError as error:
            return error.details or dict(wire.NOT_FROZEN)


def _close_all(descriptors: list[tuple[str, int]], *, thaw: bool) -> list[str]:
    """Close all, thawing in reverse what a failed watchdog may have left frozen; return what went wrong.

    Without need nothing is thawed here: it could be a freeze of someone else.
    """
    errors = []
    while descriptors:
        path, descriptor = descriptors.pop()
        if thaw:
            try:
                ioctls.thaw(descriptor)
            except OSError as error:
                errors.append(f"{path}: {error.strerror}")
        os.close(descriptor)
    return errors


def _script_settings(document: Any) -> dict[str, Any]:
    if not isinstance(document, dict):
        raise GuestError("invalid_request", "scripts is not an object")
    mode = document.get("mode", "ignore_failures")
    if mode not in MODES:
        raise GuestError("invalid_request", f"the mode of scripts is {mode!r}, not one of {', '.join(MODES)}")
    return {
        "mode": mode,
        "pre_freeze": wire.commands(document, "pre_freeze"),
        "post_thaw": wire.commands(document, "post_thaw"),
        "timeout": wire.seconds(document, "timeout", 600),
    }

# Copyright (c) 2026 guestwright contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ending a session's helper: thawed, its post-thaw scripts run, no process left."""

from __future__ import annotations

import os
import signal
import time
from typing import Any

from . import client, freeze_record, paths, processes
from .version import PROTOCOL
from .wire import GuestError

_TRANSIENT_UNITS = "/run/systemd/transient"


def unit(session: str) -> str:
    """Return the name of a session's transient unit, without its suffix."""
    return f"guestwright-{session}"


def end(session: str) -> dict[str, Any]:
    """End the helper, whether it answers, hangs or is dead, and recover what it left.

    Returns:
        `{changed, thawed: [mount points], warnings}`.
    """
    outcome: dict[str, Any] = {"changed": False, "thawed": [], "warnings": []}
    running = [process for process in processes.find(session) if processes.is_long_lived(process)]
    if running:
        outcome["changed"] = True
        result = _ask(session) if any(process.verb == "helper" for process in running) else {}
        recovering = [process for process in running if process.verb == "recover"]
        processes.wait_gone(recovering, _patience(session))
        outcome["thawed"] += result.get("file_systems", [])
        outcome["warnings"] += result.get("warnings", [])
        for number, patience in ((None, 5.0 if result else 0.0), (signal.SIGTERM, 2.0), (signal.SIGKILL, 5.0)):
            if number is not None:
                processes.kill(running, number)
            running = processes.wait_gone(running, patience)
    recovered = freeze_record.recover(session)
    outcome["thawed"] += recovered["thawed"]
    outcome["failed"] = recovered["failed"]
    outcome["warnings"] += recovered["failed"]
    _stop_unit(session)
    return outcome


def _ask(session: str) -> dict[str, Any]:
    """Ask the helper to end; an empty result where it does not answer."""
    request = {
        "protocol": PROTOCOL,
        "session": session,
        "operation": f"end-{os.getpid()}-{time.monotonic_ns()}",
        "verb": "release",
        "arguments": {},
    }
    try:
        result: dict[str, Any] = client.call(request, _patience(session)).get("result", {})
    except GuestError:
        return {}
    return {"warnings": [], **result}


def _patience(session: str) -> float:
    """Return the seconds that an end may take: the post-thaw scripts, each to its timeout, and some."""
    record = freeze_record.read(session)
    if record is None:
        return 15.0
    return 15.0 + float(record["scripts"]["timeout"]) * len(record["scripts"]["post_thaw"])


def _stop_unit(session: str) -> None:
    """Have systemd forget the transient unit, where it has one."""
    name = f"{unit(session)}.service"
    path = f"{_TRANSIENT_UNITS}/{name}"
    if not os.path.exists(path):
        return
    import subprocess

    deadline = time.monotonic() + 10.0
    while os.path.exists(path) and time.monotonic() < deadline:
        for verb in ("stop", "reset-failed"):
            subprocess.run(
                ["systemctl", verb, name],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                timeout=30,
                check=False,
            )
        if os.path.exists(path):
            time.sleep(0.05)


def end_in_flight(session: str) -> bool:
    """Kill what still runs a verb of the session: a bootstrap of a controller that is gone; return whether any did."""
    others = [process for process in processes.find(session) if not processes.is_long_lived(process)]
    processes.kill(others)
    processes.wait_gone(others, 5.0)
    return bool(others)


def exists(session: str) -> bool:
    """Return whether anything of the session's own is there."""
    return os.path.lexists(paths.session_directory(session)) or bool(processes.find(session))

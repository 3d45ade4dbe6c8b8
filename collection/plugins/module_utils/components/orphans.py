# Copyright (c) 2026 guestwright contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Sessions whose controller is gone: found without a ledger, and removed."""

from __future__ import annotations

import contextlib
import os
import time
from typing import Any

from . import client, paths, prepare, processes, release, residue, wire
from .wire import GuestError


def orphans(request: dict[str, Any]) -> dict[str, Any]:
    """List the sessions on this guest, and with `remove` remove those that nobody needs.

    A session stays where the caller names it in `live`, and where its helper lives and another owner deployed it,
    unless `all_owners` says otherwise.

    Returns:
        `{sessions: [{session, owner, age, state, removed}], leftovers: [{kind, path}], warnings}`; the age is in
        seconds, the state is live, dead or in_flight.
    """
    arguments = request["arguments"]
    owner = arguments.get("owner") or {}
    if not isinstance(owner, dict):
        raise GuestError("invalid_request", "owner is not an object")
    kept = set(wire.strings(arguments, "live"))
    sessions = []
    warnings: list[str] = []
    failed: list[dict[str, str]] = []
    for session in names():
        entry = _describe(session)
        ours = is_owner(entry["owner"], owner) or bool(arguments.get("all_owners"))
        entry["removed"] = False
        if arguments.get("remove") and session not in kept and (ours or entry["state"] == "dead"):
            outcome = release.remove(session)
            entry["removed"] = not outcome["failed"]
            warnings += outcome["warnings"]
            failed += [{"kind": "frozen_file_system", "path": text} for text in outcome["failed"]]
        sessions.append(entry)
    leftovers: list[dict[str, str]] = []
    if arguments.get("remove"):
        leftovers, unchecked = residue.search(request["session"], prepare.installed_components())
        leftovers = [leftover for leftover in leftovers if not _belongs(leftover["path"], kept, sessions)]
        warnings += unchecked
    return {"sessions": sessions, "leftovers": failed + leftovers, "warnings": warnings}


def _belongs(path: str, kept: set[str], sessions: list[dict[str, Any]]) -> bool:
    """Tell whether a leftover is of a session that was left on purpose."""
    left = kept | {entry["session"] for entry in sessions if not entry["removed"]}
    return any(session in path.replace("/", " ").split() for session in left)


def names() -> list[str]:
    """Return the sessions that have a folder or a running process here."""
    found = {process.session for process in processes.find()}
    with contextlib.suppress(OSError):
        found |= set(os.listdir(paths.BASE))
    return sorted(name for name in found if wire.SESSION_PATTERN.fullmatch(name))


def is_owner(owner: dict[str, str], asked: dict[str, Any]) -> bool:
    """Tell whether a session's owner is the one that is asked for: every key that is given has to agree."""
    wanted = {key: value for key, value in asked.items() if value}
    return bool(wanted) and all(owner.get(key) == value for key, value in wanted.items())


def _describe(session: str) -> dict[str, Any]:
    status = client.status(session)
    settings = prepare.read_settings(session) or {}
    try:
        age = max(0.0, time.time() - os.lstat(paths.session_directory(session)).st_mtime)
        state = "dead"
    except FileNotFoundError:
        age = 0.0
        state = "in_flight"
    return {
        "session": session,
        "owner": settings.get("owner", {}),
        "age": round(age, 1),
        "state": "live" if status is not None else state,
    }

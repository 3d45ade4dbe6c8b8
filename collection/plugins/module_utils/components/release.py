# Copyright (c) 2026 guestwright contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Removing a session's components from a guest, whatever state they are in, and proving it."""

from __future__ import annotations

import os
from typing import Any

from . import ending, paths
from .wire import GuestError


def release(request: dict[str, Any]) -> dict[str, Any]:
    """Thaw, end, remove, and look for what is left.

    Returns:
        `{changed, thawed, leftovers: [{kind, path}], warnings}`; a warning also says what could not be looked at.
    """
    from . import prepare, residue

    outcome = remove(request["session"])
    frozen = [{"kind": "frozen_file_system", "path": text} for text in outcome["failed"]]
    leftovers, unchecked = residue.search(request["session"], prepare.installed_components())
    return {
        "changed": outcome["changed"],
        "thawed": outcome["thawed"],
        "leftovers": frozen + leftovers,
        "warnings": outcome["warnings"] + unchecked,
    }


def remove(session: str) -> dict[str, Any]:
    """End and remove one session; an unsafe folder is removed as well, as a link or a file, never followed.

    Returns:
        `{changed, thawed, failed, warnings}`.
    """
    changed = ending.end_in_flight(session)
    outcome: dict[str, Any] = {"changed": False, "thawed": [], "failed": [], "warnings": []}
    if os.path.lexists(paths.session_directory(session)) or changed or ending.exists(session):
        try:
            with paths.locked(session, create=False) as there:
                outcome = ending.end(session)
                if there:
                    outcome["changed"] = True
                    paths.remove_session(session)
        except GuestError as error:
            if error.code != "unsafe_directory":
                raise
            outcome["changed"] = paths.remove_session(session)
    if os.path.lexists(paths.BASE):
        paths.remove_base_if_empty()
    outcome["changed"] = outcome["changed"] or changed
    return outcome

# Copyright (c) 2026 guestwright contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Finds, and where asked removes, sessions that nobody ended: their backup server crashed or lost them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible.errors import AnsibleActionFail
from ansible.plugins.action import ActionBase
from ansible_collections.guestwright.components.plugins.plugin_utils.errors import GuestProcessingError
from ansible_collections.guestwright.components.plugins.plugin_utils.guest import Guest
from ansible_collections.guestwright.components.plugins.plugin_utils.leftovers import leftovers_error, leftovers_in
from ansible_collections.guestwright.components.plugins.plugin_utils.phase import (
    failure,
    host_name,
    open_own_guest,
    options_of,
    result_of,
    stopwatch,
)

OPTIONS: dict[str, Any] = {
    "owner": {"type": "dict", "options": {"server": {"type": "str"}, "job": {"type": "str"}}},
    "all_owners": {"type": "bool", "default": False},
    "live": {"type": "list", "elements": "str", "default": []},
    "remove": {"type": "bool", "default": False},
    "guest_reconnects": {"type": "int", "default": 1},
}
SESSION = "orphans"


class ActionModule(ActionBase):
    """The `guestwright.components.orphans` action; its documentation stands in the module of the same name."""

    _supports_check_mode = True

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Look for orphans on the task's host."""
        super().run(tmp, task_vars)
        options = options_of(self, OPTIONS)
        if not any((options["owner"] or {}).values()) and not options["all_owners"]:
            raise AnsibleActionFail("state whose sessions are looked at: owner, or all_owners: true")
        remove = options["remove"] and not self._task.check_mode
        document = _sweep(self, task_vars or {}, options, remove=remove)
        changed = bool(document["changes"])
        return result_of(document, changed=changed)


def _sweep(
    action: ActionBase, variables: Mapping[str, Any], options: Mapping[str, Any], *, remove: bool
) -> dict[str, Any]:
    name = host_name(variables)
    seconds = stopwatch()
    guest: Guest | None = None
    arguments = {
        "owner": {key: value for key, value in (options["owner"] or {}).items() if value is not None},
        "all_owners": options["all_owners"],
        "live": options["live"],
        "remove": remove,
    }
    try:
        guest = open_own_guest(action, variables, SESSION, options["guest_reconnects"])
        answer = guest.carried("orphans", arguments)
    except GuestProcessingError as error:
        reconnects = guest.reconnects if guest else 0
        return failure("orphans", name, error, sessions=[], leftovers=[], reconnects=reconnects, seconds=seconds())
    sessions = [dict(session) for session in answer.get("sessions") or ()]
    leftovers = leftovers_in(answer)
    fields: dict[str, Any] = {
        "sessions": sessions,
        "leftovers": leftovers,
        "reconnects": guest.reconnects,
        "seconds": seconds(),
        "changes": [
            f"remove /run/guestwright/{session['session']}"
            for session in sessions
            if session.get("removed") or (options["remove"] and not remove and is_orphan(session, options))
        ],
        "warnings": [str(warning) for warning in answer.get("warnings") or ()],
    }
    if leftovers:
        return failure("orphans", name, leftovers_error(leftovers), **fields)
    document: dict[str, Any] = {
        "phase": "orphans",
        "guest": name,
        "outcome": _outcome(sessions, options),
        "error": None,
    }
    return document | fields


def is_orphan(session: Mapping[str, Any], options: Mapping[str, Any]) -> bool:
    """Tell whether a session is one that a removal takes: dead, or of the owner that is asked for, and not running."""
    if session["session"] in options["live"]:
        return False
    asked = {key: value for key, value in (options["owner"] or {}).items() if value}
    owner = session.get("owner") or {}
    owned = bool(asked) and all(owner.get(key) == value for key, value in asked.items())
    return bool(options["all_owners"]) or owned or session.get("state") == "dead"


def _outcome(sessions: list[dict[str, Any]], options: Mapping[str, Any]) -> str:
    orphans = [session for session in sessions if is_orphan(session, options)]
    if not orphans:
        return "clean"
    return "removed" if all(session.get("removed") for session in orphans) else "found"

# Copyright (c) 2026 guestwright contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Releases a guest: thaws what is still frozen, removes the components, and proves that nothing is left."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible.plugins.action import ActionBase
from ansible_collections.guestwright.components.plugins.plugin_utils.errors import GuestProcessingError, LinkError
from ansible_collections.guestwright.components.plugins.plugin_utils.guest import Guest
from ansible_collections.guestwright.components.plugins.plugin_utils.leftovers import leftovers_error, leftovers_in
from ansible_collections.guestwright.components.plugins.plugin_utils.phase import (
    SESSION_OPTIONS,
    failure,
    guest_arguments,
    host_name,
    open_own_guest,
    options_of,
    result_of,
    settings_of,
    stopwatch,
)
from ansible_collections.guestwright.components.plugins.plugin_utils.settings import Settings

CARRY_INSTEAD = ("not_deployed", "no_answer", "payload_damaged", "internal_error")
"""What a missing or half deployment says; a program that travels along then removes what there is of it."""


class ActionModule(ActionBase):
    """The `guestwright.components.release` action; its documentation stands in the module of the same name."""

    _supports_check_mode = True

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Release the task's host."""
        super().run(tmp, task_vars)
        variables = task_vars or {}
        options = options_of(self, SESSION_OPTIONS)
        settings = settings_of(self, options["settings"], variables)
        document, changed = _release(self, variables, options["session"], settings)
        result = result_of(document, changed=changed)
        if self._task.diff and changed:
            result["diff"] = {"before": f"/run/guestwright/{options['session']}\n", "after": ""}
        return result


def _release(
    action: ActionBase, variables: Mapping[str, Any], session: str, settings: Settings
) -> tuple[dict[str, Any], bool]:
    """Return the result document, and whether something was (in check mode: would be) removed."""
    name = host_name(variables)
    seconds = stopwatch()
    if not settings.enabled:
        return _document(name, seconds=seconds()), False
    guest: Guest | None = None
    try:
        guest = open_own_guest(action, variables, session, settings.guest_reconnects)
        if action._task.check_mode:
            arguments = guest_arguments(settings) | {"file_systems": list(settings.file_systems)}
            changed = bool(guest.carried("probe", arguments).get("present"))
            answer: dict[str, Any] = {}
        else:
            answer = _release_on(guest)
            changed = bool(answer.get("changed"))
    except GuestProcessingError as error:
        reconnects = guest.reconnects if guest else 0
        return failure("release", name, error, leftovers=[], reconnects=reconnects, seconds=seconds()), False
    thawed = [f"thaw {mount_point}" for mount_point in answer.get("thawed") or ()]
    leftovers = leftovers_in(answer)
    fields: dict[str, Any] = {
        "leftovers": leftovers,
        "reconnects": guest.reconnects,
        "seconds": seconds(),
        "changes": [*thawed, f"remove /run/guestwright/{session}"] if changed else thawed,
        "warnings": [f"{mount_point} was still frozen, and was thawed" for mount_point in answer.get("thawed") or ()],
    }
    if leftovers:
        return failure("release", name, leftovers_error(leftovers), **fields), changed
    return _document(name, **fields), changed


def _release_on(guest: Guest) -> dict[str, Any]:
    """Release with the deployed program; with one that travels along where that is missing or broken."""
    try:
        return guest.deployed("release", {})
    except LinkError:
        raise
    except GuestProcessingError as error:
        if error.code not in CARRY_INSTEAD:
            raise
        was_there = error.code != "not_deployed"
    answer = guest.carried("release", {})
    return answer | {"changed": bool(answer.get("changed")) or was_there}


def _document(name: str, **fields: Any) -> dict[str, Any]:
    document = {
        "phase": "release",
        "guest": name,
        "outcome": "released",
        "leftovers": [],
        "reconnects": 0,
        "changes": [],
        "warnings": [],
        "error": None,
    }
    return document | fields

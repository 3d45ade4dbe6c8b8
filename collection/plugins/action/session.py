# Copyright (c) 2026 guestwright contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs a session: freeze, snapshot, thaw and backup, for one guest or for a group of guests as one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible.errors import AnsibleActionFail
from ansible.module_utils.parsing.convert_bool import boolean
from ansible.plugins.action import ActionBase
from ansible_collections.guestwright.components.plugins.plugin_utils import commands
from ansible_collections.guestwright.components.plugins.plugin_utils.interruption import signals_raise
from ansible_collections.guestwright.components.plugins.plugin_utils.phase import (
    SESSION_OPTIONS,
    host_name,
    open_own_guest,
    options_of,
    own_variables,
    result_of,
    settings_of,
)
from ansible_collections.guestwright.components.plugins.plugin_utils.routes import address, open_guest
from ansible_collections.guestwright.components.plugins.plugin_utils.session_flow import (
    Participant,
    SessionCommands,
    predict,
    run_session,
)

COMMAND_OPTIONS: dict[str, Any] = {
    "command": {"type": "raw", "required": True},
    "timeout": {"type": "int", "required": True},
}
OPTIONS: dict[str, Any] = SESSION_OPTIONS | {
    "prepared": {"type": "bool", "default": True},
    "guests": {"type": "list", "elements": "str"},
    "snapshot": {"type": "dict", "options": COMMAND_OPTIONS},
    "backup": {"type": "dict", "options": COMMAND_OPTIONS},
}


class ActionModule(ActionBase):
    """The `guestwright.components.session` action; its documentation stands in the module of the same name."""

    _supports_check_mode = True

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Run the session of the task's host, or of the group that the task names."""
        super().run(tmp, task_vars)
        variables = task_vars or {}
        options = options_of(self, OPTIONS)
        group = options["guests"] is not None
        participants = _group(self, variables, options) if group else [_own(self, variables, options)]
        session_commands = SessionCommands(
            snapshot=_command(options, "snapshot"), backup=_command(options, "backup"), run=commands.run
        )
        if self._task.check_mode:
            documents = predict(participants, session_commands)
        else:
            with signals_raise():
                documents = run_session(options["session"], participants, session_commands, group=group)
        return _group_result(documents) if group else _single_result(documents)


def _own(action: ActionBase, variables: Mapping[str, Any], options: Mapping[str, Any]) -> Participant:
    settings = settings_of(action, options["settings"], variables)
    name = host_name(variables)
    return Participant(
        name=name,
        address=address(own_variables(action, variables), name),
        settings=settings,
        prepared=_is_prepared(variables, options),
        connect=lambda: open_own_guest(action, variables, options["session"], settings.guest_reconnects),
    )


def _group(action: ActionBase, variables: Mapping[str, Any], options: Mapping[str, Any]) -> list[Participant]:
    if not options["guests"]:
        raise AnsibleActionFail("guests is empty; name the guests of the group, or leave the option out")
    if len(set(options["guests"])) != len(options["guests"]):
        raise AnsibleActionFail("guests names a guest twice")
    return [_member(action, variables, options, name) for name in options["guests"]]


def _member(action: ActionBase, variables: Mapping[str, Any], options: Mapping[str, Any], name: str) -> Participant:
    if name not in variables["hostvars"]:
        raise AnsibleActionFail(f"guests names {name!r}, which is not in the inventory")
    own = variables["hostvars"][name]
    settings = settings_of(action, options["settings"], own)
    return Participant(
        name=name,
        address=address(own, name),
        settings=settings,
        prepared=_is_prepared(own, options),
        connect=lambda: open_guest(
            action,
            own,
            name=name,
            session=options["session"],
            guest_reconnects=settings.guest_reconnects,
            task_variables=None if name == host_name(variables) else variables,
        ),
    )


def _is_prepared(variables: Mapping[str, Any], options: Mapping[str, Any]) -> bool:
    return bool(boolean(variables.get("guestwright_prepared", options["prepared"]), strict=False))


def _command(options: Mapping[str, Any], name: str) -> commands.Command | None:
    stated = options[name]
    if stated is None:
        return None
    if not isinstance(stated["command"], (str, list)):
        raise AnsibleActionFail(f"{name}.command must be a list of arguments, or a text that is split like one")
    if stated["timeout"] < 1:
        raise AnsibleActionFail(f"{name}.timeout must be at least 1 second")
    try:
        return commands.Command(commands.split(stated["command"]), stated["timeout"])
    except ValueError as error:
        raise AnsibleActionFail(f"{name}.command cannot be used: {error}") from error


def _single_result(documents: Mapping[str, dict[str, Any]]) -> dict[str, Any]:
    (document,) = documents.values()
    return result_of(document, changed=bool(document["changes"]))


def _group_result(documents: dict[str, dict[str, Any]]) -> dict[str, Any]:
    failed = [document for document in documents.values() if document["outcome"] == "failed"]
    warnings = [f"{name}: {warning}" for name, document in documents.items() for warning in document["warnings"]]
    result: dict[str, Any] = {
        "changed": any(document["changes"] for document in documents.values()),
        "failed": bool(failed),
        "msg": "; ".join(f"{document['guest']}: {document['error']['message']}" for document in failed)
        or f"the group of {len(documents)} guests: done",
        "guestwright": {"phase": "session", "guests": documents},
    }
    if warnings:
        result["warnings"] = warnings
    return result

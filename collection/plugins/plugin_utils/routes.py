# Copyright (c) 2026 guestwright contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Opens the route to a guest: Ansible's connection plugin for it, with its options templated as Ansible would."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible import constants
from ansible.errors import AnsibleConnectionFailure
from ansible.module_utils.parsing.convert_bool import boolean
from ansible.plugins.action import ActionBase
from ansible.plugins.loader import become_loader, connection_loader
from ansible_collections.guestwright.components.plugins.plugin_utils.errors import GuestProcessingError
from ansible_collections.guestwright.components.plugins.plugin_utils.guest import Guest, Output

WINDOWS_TRANSPORTS = ("winrm", "psrp")
LINK_CHECK = "-o ServerAliveInterval=5 -o ServerAliveCountMax=3"
"""Notices within 15 seconds that a link is gone without a word; a user's own ssh_args come first and win."""


class ActionTransport:
    """Carries an exec through an action's connection, its shell and its become plugin."""

    def __init__(self, action: ActionBase) -> None:
        self._action = action
        connection = action._connection
        _set_where_known(connection, "reconnection_retries", 0)
        if getattr(connection, "transport", "") == "ssh":
            before = connection.get_option("ssh_extra_args") or ""
            connection.set_option("ssh_extra_args", f"{before} {LINK_CHECK}".strip())

    def execute(self, command: str, stdin: bytes) -> Output:
        """Run a command on the guest; a connection that cannot be opened is a lost link."""
        result = self._action._low_level_execute_command(command, in_data=stdin)
        return Output(int(result["rc"]), result["stdout"], result["stderr"])

    def reset(self) -> None:
        """Close the connection, so that the next exec opens a new one."""
        try:
            self._action._connection.reset()
        except AnsibleConnectionFailure:
            self._action._connection.close()


def open_guest(
    action: ActionBase,
    variables: Mapping[str, Any],
    *,
    name: str,
    session: str,
    guest_reconnects: int,
    task_variables: Mapping[str, Any] | None = None,
) -> Guest:
    """Open the admin route to a guest.

    Args:
        action: the running action.
        variables: the guest's variables, templated where they are read.
        name: the guest's inventory name.
        session: names the session on the guest.
        guest_reconnects: how often a lost link is tried again (domain.md section 5).
        task_variables: None where the guest is the task's own host, whose connection Ansible has opened already;
            else the variables of the task's host, so that nothing of it is taken for the guest.

    Raises:
        GuestProcessingError: `unsupported_os` for a Windows guest, `become_refused` for another become method
            than sudo. Nothing was sent to the guest then.
    """
    reaching = action if task_variables is None else _action_for(action, name, variables, task_variables)
    connection = reaching._connection
    refuse_windows(variables, connection)
    become = getattr(connection, "become", None)
    if become is not None and become.name != "sudo":
        raise GuestProcessingError(
            "become_refused",
            f"become_method {become.name} cannot carry the components on standard input; use sudo, or log in as root",
        )
    return Guest(
        name,
        session,
        ActionTransport(reaching),
        guest_reconnects=guest_reconnects,
        python=interpreter(variables.get("ansible_python_interpreter")),
    )


def refuse_windows(variables: Mapping[str, Any], connection: Any) -> None:
    """Refuse a guest whose components do not exist yet.

    Raises:
        GuestProcessingError: `unsupported_os`.
    """
    shell = getattr(connection, "_shell", None)
    if (
        variables.get("guestwright_os") == "windows"
        or getattr(connection, "transport", "") in WINDOWS_TRANSPORTS
        or getattr(shell, "_IS_WINDOWS", False)
    ):
        raise GuestProcessingError(
            "unsupported_os", "there are no runtime components for Windows guests in this version; exclude the guest"
        )


def interpreter(value: object) -> str | None:
    """Return the Python that the inventory names for a guest, None where the guest is to look for one itself."""
    text = str(value or "")
    return None if not text or text.startswith("auto") else text


def address(variables: Mapping[str, Any], name: str) -> str:
    """Return the address that commands of a session get: `guestwright_addresses`, `ansible_host` or the name."""
    addresses = variables.get("guestwright_addresses") or ()
    if isinstance(addresses, str):
        return addresses
    return str(next(iter(addresses), None) or variables.get("ansible_host") or name)


def _action_for(
    action: ActionBase, name: str, variables: Mapping[str, Any], task_variables: Mapping[str, Any]
) -> ActionBase:
    """Return an action like the running one for another host, as Ansible's executor would have built it."""
    task = action._task
    known = _connection_variables(variables)
    play_context = action._play_context.copy()
    untouched = type(play_context)()
    for attribute, names in constants.MAGIC_VARIABLE_MAPPING.items():
        if any(variable in task_variables for variable in names):
            setattr(play_context, attribute, getattr(untouched, attribute, None))
    play_context = play_context.set_task_and_variable_override(task=task, variables=known, templar=action._templar)
    play_context.remote_addr = known.get("ansible_host") or known.get("ansible_ssh_host") or name
    kind = str(known.get("ansible_connection") or task.connection or constants.DEFAULT_TRANSPORT)
    play_context.connection = kind
    connection = connection_loader.get(kind, play_context, task_uuid=task._uuid)
    if connection is None:
        raise GuestProcessingError("connection_error", f"the connection plugin {kind} was not found")
    wants_become = known.get("ansible_become", task.become)
    become = None
    if boolean(wants_become, strict=False):
        method = str(known.get("ansible_become_method") or task.become_method or "sudo")
        become = become_loader.get(method)
        if become is None:
            raise GuestProcessingError("become_refused", f"the become plugin {method} was not found")
    connection.set_become_plugin(become)
    keywords = task.dump_attrs()
    keywords["timeout"] = play_context.timeout
    keywords.pop("retries", None)
    if play_context.password:
        keywords["password"] = play_context.password
    connection.set_options(task_keys=keywords, var_options=_options("connection", connection._load_name, variables))
    shell = connection._shell
    shell.set_options(task_keys=keywords, var_options=_options("shell", shell._load_name, variables))
    if become is not None:
        if play_context.become_pass:
            keywords["become_pass"] = play_context.become_pass
        become.set_options(task_keys=keywords, var_options=_options("become", become._load_name, variables))
    return type(action)(task, connection, play_context, action._loader, action._templar)


def _options(kind: str, plugin: str, variables: Mapping[str, Any]) -> dict[str, Any]:
    return {name: variables[name] for name in constants.config.get_plugin_vars(kind, plugin) if name in variables}


def _connection_variables(variables: Mapping[str, Any]) -> dict[str, Any]:
    """Return the variables that say how a host is reached; only these are templated, not all of the host's."""
    names = {name for names in constants.MAGIC_VARIABLE_MAPPING.values() for name in names}
    names |= {"inventory_hostname", "ansible_become", "ansible_become_method"}
    return {name: variables[name] for name in sorted(names) if name in variables}


def _set_where_known(plugin: Any, option: str, value: object) -> None:
    if plugin.has_option(option):
        plugin.set_option(option, value)

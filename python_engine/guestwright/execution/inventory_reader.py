"""A program of its own: reads inventories with Ansible's loader and prints what planning may know of them.

It runs in a process of its own (`guestwright.execution.inventory` starts it), so that Ansible's global state, the
user's inventory plugins and their output stay out of the engine. One JSON request comes on stdin, one JSON document
leaves on stdout. No secret leaves it: only the variables of `_CONNECTION_VARIABLES` and `guestwright_*`, and of an
encrypted value only a marker. No vault password is ever asked for or read.
"""

from __future__ import annotations

import gc
import json
import os
import re
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ansible import constants
from ansible.errors import AnsibleError
from ansible.inventory.group import Group
from ansible.inventory.helpers import get_group_vars, sort_groups
from ansible.inventory.host import Host
from ansible.inventory.manager import InventoryManager, split_host_pattern
from ansible.parsing.dataloader import DataLoader
from ansible.parsing.vault import AnsibleVaultError
from ansible.plugins.loader import init_plugin_loader
from ansible.utils.display import Display
from ansible.utils.path import unfrackpath
from ansible.utils.vars import combine_vars
from ansible.vars.plugins import get_vars_from_inventory_sources

VAULTED = "<vaulted>"

_CONNECTION_VARIABLES = frozenset(
    (
        "ansible_become",
        "ansible_become_method",
        "ansible_become_user",
        "ansible_connection",
        "ansible_host",
        "ansible_network_os",
        "ansible_port",
        "ansible_psrp_port",
        "ansible_psrp_protocol",
        "ansible_python_interpreter",
        "ansible_shell_type",
        "ansible_ssh_host",
        "ansible_ssh_port",
        "ansible_ssh_user",
        "ansible_user",
        "ansible_winrm_port",
        "ansible_winrm_scheme",
        "ansible_winrm_transport",
    )
)
_SECRET = re.compile(r"pass(word|wd|phrase)?(_|$)|secret|token|private|credential|(^|_)key(_|$)", re.IGNORECASE)
_ORIGIN = re.compile(r"Origin: (/.+?):(\d+)(?::(\d+))?$", re.MULTILINE)
"""The place of an error as Ansible writes it."""


class _UnreadableError(Exception):
    """The inventory cannot be read as it is meant; carries what the engine tells the user."""

    def __init__(self, message: str, hint: str = "", file: str = "", line: int = 0, column: int = 0) -> None:
        super().__init__(message)
        self.document = {"message": message, "hint": hint, "file": file, "line": line, "column": column}


def main() -> int:
    """Answer the request on stdin. Returns 0 where an answer was printed, be it an error."""
    answer = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # what inventory scripts and plugins print must not mix with the answer
    request = json.load(sys.stdin)
    gc.disable()  # the process is short-lived, and collecting costs a fourth of its time
    try:
        document = _read(request["sources"], request["patterns"])
    except _UnreadableError as error:
        document = {"error": error.document}
    json.dump(document, answer, default=_without_secret, separators=(",", ":"))
    answer.close()
    return 0


def _without_secret(value: object) -> str:
    """Stand for what JSON cannot hold: encrypted values become the marker, dates and the like their text."""
    return VAULTED if type(value).__name__ == "EncryptedString" else str(value)


def _read(sources: list[str], patterns: list[str]) -> dict[str, Any]:
    init_plugin_loader()
    sources = sources or list(constants.DEFAULT_HOST_LIST)
    _check_sources_exist(sources)
    messages = _capture_messages()
    try:
        loaded = _load(sources)
        _refuse_what_was_skipped(messages)
        matches, named_directly = _resolve(loaded.manager, patterns)
        hosts = _hosts(loaded, matches)
    except AnsibleError as error:
        raise _explained(error, messages) from error
    return {
        **hosts,
        "matches": {pattern: [host.name for host in found] for pattern, found in matches.items()},
        "named_directly": named_directly,
        "warnings": [text for text, error in messages if error is None],
    }


def _check_sources_exist(sources: Iterable[str]) -> None:
    for source in sources:
        if "," not in source and not Path(unfrackpath(source, follow=False)).exists():
            raise _UnreadableError(
                f"inventory {source} does not exist", "give the path of an inventory file or folder with -i", source
            )


_Messages = list[tuple[str, BaseException | None]]


def _capture_messages() -> _Messages:
    """Collect Ansible's warnings and the errors behind them instead of printing them."""
    messages: _Messages = []

    def warning(msg: str, *_arguments: object, **_options: object) -> None:
        messages.append((str(msg), None))

    def error_as_warning(msg: str | None, exception: BaseException, **_options: object) -> None:
        messages.append((str(msg or exception), exception))

    display = Display()
    display.warning = warning
    display.error_as_warning = error_as_warning
    display.deprecated = lambda *_arguments, **_options: None
    return messages


class _Loader(DataLoader):  # type: ignore[misc]
    """Reads a file of variables that is encrypted as a whole as if it were empty."""

    def load_from_file(self, file_name: str, *arguments: object, **options: object) -> object:
        try:
            return super().load_from_file(file_name, *arguments, **options)
        except AnsibleError as error:
            if _caused_by(error, AnsibleVaultError) and options.get("unsafe"):
                return {}
            raise


@dataclass(frozen=True)
class _Loaded:
    manager: InventoryManager
    loader: DataLoader
    sources: Sequence[str]

    def plugin_variables(self, entities: list[Group | Host]) -> dict[str, Any]:
        """Return what `group_vars`, `host_vars` and other plugins say of these groups or hosts."""
        found: dict[str, Any] = get_vars_from_inventory_sources(self.loader, self.sources, entities, "all")
        return found


def _load(sources: list[str]) -> _Loaded:
    constants.INVENTORY_ANY_UNPARSED_IS_FAILED = True
    loader = _Loader()
    return _Loaded(InventoryManager(loader, sources=sources), loader, sources)


def _caused_by(error: BaseException | None, kind: type[BaseException]) -> bool:
    while error is not None:
        if isinstance(error, kind):
            return True
        error = error.__cause__ or error.__context__
    return False


def _refuse_what_was_skipped(messages: _Messages) -> None:
    """Ansible goes on without a part of an inventory that it cannot place; the guests in it would not be protected."""
    for text, _ in messages:
        if text.startswith(("Skipping ", "Unable to parse ")):
            raise _UnreadableError(
                f"the inventory is not read as a whole: {text}",
                "mend that part; `ansible-inventory --graph` shows what Ansible makes of it",
            )


def _resolve(manager: InventoryManager, patterns: Iterable[str]) -> tuple[dict[str, list[Host]], dict[str, list[str]]]:
    """Let Ansible resolve each pattern; say also which of its hosts the pattern itself names."""
    matches: dict[str, list[Host]] = {}
    named_directly: dict[str, list[str]] = {}
    for pattern in patterns:
        parts = split_host_pattern(pattern)
        try:
            if any(part.startswith("@") for part in parts):
                manager.subset(pattern)
                found = manager.get_hosts("all")
                manager.subset(None)
            else:
                found = manager.get_hosts(pattern)
        except AnsibleError as error:
            raise _UnreadableError(
                f"pattern '{pattern}': {_text(error)}", "see Ansible's documentation on host patterns"
            ) from error
        matches[pattern] = found
        named = set(parts)
        named_directly[pattern] = [host.name for host in found if host.name in named]
    return matches, named_directly


def _hosts(loaded: _Loaded, matches: dict[str, list[Host]]) -> dict[str, Any]:
    """List every host with its groups (an index into `groups`: few hosts differ in them) and its variables."""
    ordered = {host.name: host for host in loaded.manager.get_hosts("all")}
    for found in matches.values():
        ordered.update((host.name, host) for host in found if host.name not in ordered)
    group_sets: dict[tuple[str, ...], tuple[int, dict[str, Any]]] = {}
    rows = []
    for name, host in ordered.items():
        groups = tuple(sorted(group.name for group in host.get_groups()))
        if groups not in group_sets:
            group_sets[groups] = (len(group_sets), _group_variables(loaded, host))
        index, inherited = group_sets[groups]
        rows.append((name, index, _planned(_host_variables(loaded, host, inherited))))
    if not rows:
        raise _UnreadableError(
            "the inventory has no hosts", "`ansible-inventory --graph` shows what Ansible makes of it"
        )
    return {"groups": list(group_sets), "hosts": rows}


def _group_variables(loaded: _Loaded, host: Host) -> dict[str, Any]:
    """Merge the variables of a host's groups in the order that Ansible is configured to use."""
    everything = loaded.manager.groups["all"]
    groups = sort_groups([group for group in host.get_groups() if group.name != "all"])
    parts = {
        "all_inventory": everything.get_vars,
        "all_plugins_inventory": lambda: loaded.plugin_variables([everything]),
        "groups_inventory": lambda: get_group_vars(groups),
        "groups_plugins_inventory": lambda: loaded.plugin_variables(groups),
    }
    variables: dict[str, Any] = {}
    for entry in constants.VARIABLE_PRECEDENCE:
        if entry in parts:
            variables = combine_vars(variables, parts[entry]())
    return variables


def _host_variables(loaded: _Loaded, host: Host, inherited: dict[str, Any]) -> dict[str, Any]:
    variables: dict[str, Any] = combine_vars(inherited, host.vars)
    own = loaded.plugin_variables([host])
    return combine_vars(variables, own) if own else variables


def _planned(variables: dict[str, Any]) -> dict[str, Any]:
    """Keep what planning reads; drop secrets whatever they are called."""
    return {
        name: value
        for name, value in variables.items()
        if name in _CONNECTION_VARIABLES or (name.startswith("guestwright_") and not _SECRET.search(name))
    }


def _explained(error: BaseException, messages: _Messages) -> _UnreadableError:
    """Say why no plugin could read a source: the error of the plugin that is meant for such a file, with its place."""
    reasons = [(text, cause) for text, cause in messages if cause is not None]
    source = _text(error).rpartition(" inventory source ")[2]
    if not reasons:
        source, reasons = "", [("", error)]
    meant = _plugin_for(source)
    chosen = next((cause for text, cause in reasons if f"'{meant}'" in text), reasons[-1][1])
    if _caused_by(chosen, AnsibleVaultError):
        return _UnreadableError(
            f"inventory {_shown(source)} is encrypted as a whole", "encrypt files of variables or single values instead"
        )
    file, line, column = _place(chosen) or ("", 0, 0)
    where = "" if file or not source else f"inventory {_shown(source)}: "
    hint = "mend the file at this place" if file else "`ansible-inventory --list -vvv` with the same -i says more"
    return _UnreadableError(f"{where}{_text(chosen)}", hint, _shown(file), line, column)


def _plugin_for(source: str) -> str:
    """Name the plugin that a file of this kind is usually meant for."""
    if source.endswith((".yml", ".yaml", ".json")):
        return "yaml"
    return "script" if os.access(source, os.X_OK) else "ini"


def _shown(path: str) -> str:
    """Return a path below the working folder relative to it, as users mostly give it; others as they are."""
    folder = f"{Path.cwd()}/"
    return path.removeprefix(folder)


def _place(error: BaseException | None) -> tuple[str, int, int] | None:
    """Return file, line and column of the innermost error that has them."""
    found = None
    while error is not None:
        origin = _ORIGIN.match(getattr(error, "_formatted_source_context", None) or "")
        if origin:
            found = (origin[1], int(origin[2]), int(origin[3] or 1))
        error = error.__cause__ or error.__context__
    return found


def _text(error: BaseException) -> str:
    return str(getattr(error, "message", error)).strip()


if __name__ == "__main__":
    sys.exit(main())

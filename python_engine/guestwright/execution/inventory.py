"""Inventories, read by Ansible's own loader in a process of its own; nothing here parses one."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from guestwright.errors import InventoryError
from guestwright.planning.model import Host, Inventory

_READER = Path(__file__).with_name("inventory_reader.py")


def read_inventory(sources: Sequence[str], patterns: Sequence[str]) -> Inventory:
    """Read inventories as Ansible would, `ansible.cfg`, `group_vars` and `host_vars` included.

    Only connection variables and `guestwright_*` are handed on; secrets never leave the reading process, an encrypted
    value becomes `<vaulted>`, and no vault password is needed. Templates stay text.

    Args:
        sources: paths of inventory files or folders, or lists of hosts with a comma, as `ansible -i` takes them; where
            it is empty, the inventory of `ansible.cfg`.
        patterns: the host patterns to resolve: those of the job, and the one of `--limit`.

    Returns:
        every host of the inventory, and what each pattern stands for.

    Raises:
        InventoryError: a source does not exist or cannot be read as a whole, or a pattern is malformed.
    """
    request = json.dumps({"sources": list(sources), "patterns": list(dict.fromkeys(patterns))})
    finished = subprocess.run(
        [sys.executable, "-P", str(_READER)], input=request, capture_output=True, text=True, check=False
    )
    try:
        answer = json.loads(finished.stdout)
    except ValueError:
        last = (finished.stderr.strip().splitlines() or [f"it ended with exit code {finished.returncode}"])[-1]
        raise InventoryError(
            f"Ansible's inventory loader failed: {last}", "`ansible-inventory --list` with the same -i shows it whole"
        ) from None
    if "error" in answer:
        raise _refusal(answer["error"])
    for warning in answer["warnings"]:
        sys.stderr.write(f"warning: {warning}\n")
    return _inventory(answer, sources)


def _refusal(error: Mapping[str, Any]) -> InventoryError:
    place = f"{error['file']}:{error['line']}:{error['column']}: " if error["line"] else ""
    return InventoryError(f"{place}{error['message']}", error["hint"])


def _inventory(answer: Mapping[str, Any], sources: Sequence[str]) -> Inventory:
    groups = [tuple(names) for names in answer["groups"]]
    return Inventory(
        hosts={name: Host(name, groups[index], variables) for name, index, variables in answer["hosts"]},
        matches={pattern: tuple(names) for pattern, names in answer["matches"].items()},
        named_directly={pattern: tuple(names) for pattern, names in answer["named_directly"].items()},
        sources=tuple(sources),
    )

"""Looks on the hosts of an inventory for components whose run no ledger knows, and removes them."""

from __future__ import annotations

import datetime
import json
import platform
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from guestwright.execution.cleanup import is_running
from guestwright.execution.inventory import read_inventory
from guestwright.execution.run import ledger_entry
from guestwright.execution.runner import Phase, close_connections, run_phase
from guestwright.execution.session import forks
from guestwright.execution.sources import collection_files, inventory_files
from guestwright.execution.workspace import create_workspace, new_run_id
from guestwright.exit_codes import ExitCode, worst
from guestwright.ledger import Ledger
from guestwright.rendering.orphans import render_orphans
from guestwright.results.documents import PhaseEvent


@dataclass(frozen=True)
class OrphanSearch:
    """Where orphans are looked for.

    Attributes:
        sources: the inventory sources.
        limit: the Ansible pattern of the hosts.
        all_servers: also remove what other backup servers have deployed and left.
    """

    sources: Sequence[str]
    limit: str
    all_servers: bool = False


@dataclass
class OrphansFound:
    """What was found: a line per guest for people, and the exit code."""

    lines: list[str] = field(default_factory=list)
    codes: list[ExitCode] = field(default_factory=list)

    @property
    def exit_code(self) -> ExitCode:
        """Return 6 where something is left, 5 where a guest could not be asked, else 0."""
        return worst(self.codes)


def remove_orphans(ledger: Ledger, state: Path, search: OrphanSearch, cancelled: threading.Event) -> OrphansFound:
    """Ask every host of the inventory for components, and remove those whose run is not alive.

    What belongs to another backup server is only listed: whether that one's run is alive cannot be told from here.

    Raises:
        InventoryError: the inventory cannot be read.
    """
    hosts = read_inventory(search.sources, [search.limit]).matches[search.limit]
    live = [run.run_id for run in ledger.unfinished() if is_running(run)]
    files = render_orphans(
        hosts,
        inventory_files(search.sources),
        collection_files(),
        server=platform.node(),
        live=live,
        all_servers=search.all_servers,
    )
    started = datetime.datetime.now(datetime.UTC)
    run_id = new_run_id(started)
    ledger.begin(ledger_entry(run_id, "cleanup", state, started))
    workspace = create_workspace(run_id, state, files)
    events: dict[str, PhaseEvent] = {}
    try:
        phase = Phase("orphans", hosts, forks(len(hosts), None))
        end = run_phase(workspace, phase, lambda event: events.update({event.guest: event}), cancelled)
    finally:
        close_connections(workspace)
        ledger.finish(run_id)
        workspace.remove()
    found = OrphansFound(lines=[] if events else list(end.output))
    for host in hosts:
        _tell_host(found, host, events.get(host))
    return found


def _tell_host(found: OrphansFound, host: str, event: PhaseEvent | None) -> None:
    document: Mapping[str, Any] = (event.document if event else None) or {}
    error = document.get("error")
    if document.get("leftovers"):
        found.codes.append(ExitCode.LEFTOVERS)
        found.lines.append(f"{host}: left: {json.dumps(document['leftovers'])}")
    elif not document or error:
        reason = error["message"] if error else (event.message if event else "no answer")
        found.codes.append(ExitCode.NO_ROUTE)
        found.lines.append(f"{host}: not asked: {reason}")
        return
    if not document.get("sessions") and not document.get("leftovers"):
        found.lines.append(f"{host}: nothing found")
    for orphan in document.get("sessions", ()):
        what = "removed" if orphan["removed"] else f"left alone ({orphan['state']}, owner {orphan['owner']})"
        found.lines.append(f"{host}: {orphan['session']}: {what}")

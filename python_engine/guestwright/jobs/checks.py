"""What a valid job is checked for besides: does it fit the inventory, and does this version carry it out."""

from __future__ import annotations

import difflib
from collections.abc import Iterator

from guestwright.errors import Problem
from guestwright.jobs.logic import written_at
from guestwright.jobs.model import Job
from guestwright.jobs.positions import Document, Path
from guestwright.planning.guests import PROXY_GROUP, pattern_problems
from guestwright.planning.model import Inventory

_LATER = "`plan` and `render` take it, `run` refuses it"


def check_against_inventory(job: Job, inventory: Inventory, document: Document | None = None) -> tuple[Problem, ...]:
    """Return where a job names what the inventory does not have.

    Args:
        job: a valid job.
        inventory: read with the job's patterns.
        document: what the job was made of, for exact places; without it they are the nearest ones known.
    """
    return tuple(sorted([*pattern_problems(job, inventory), *_servers(job, inventory, document)]))


def _servers(job: Job, inventory: Inventory, document: Document | None) -> Iterator[Problem]:
    proxies = inventory.group(PROXY_GROUP)
    for index, name in enumerate(job.guest_interaction_proxies.servers):
        if name in proxies:
            continue
        line, column = _place(document, ("guest_interaction_proxies", "servers", index), (1, 1))
        near = difflib.get_close_matches(name, proxies, n=1)
        hint = f"did you mean `{near[0]}`?" if near else f"its proxies: {', '.join(proxies[:10]) or 'none'}"
        if name in inventory.hosts:
            message, hint = f"`{name}` is not in the group {PROXY_GROUP}", "add it to that group of the inventory"
        else:
            message = f"the proxy `{name}` is not in the inventory"
        yield Problem(job.file, line, column, message, hint, "unknown_server")


def not_carried_out(job: Job, document: Document | None = None) -> tuple[Problem, ...]:
    """Return the settings of a valid job that this version only plans; a run refuses them.

    Args:
        job: a valid job.
        document: what the job was made of, for exact places; without it they are the nearest ones known.
    """
    found: list[Problem] = []
    for index, entry in enumerate(job.guests):
        settings = entry.guest_processing
        for key, mode in (("transaction_logs", settings.transaction_logs.mode), ("indexing", settings.indexing.mode)):
            if mode == "disabled" or settings.application_processing == "disabled":
                continue
            path = written_at(document, index, key, "mode") if document else ()
            place = _place(document, path, (entry.line, entry.column))
            found.append(
                Problem(job.file, *place, f"`{key}.mode: {mode}` is not carried out by this version", _LATER, "later")
            )
    if job.components.installer_service == "push":
        line, column = _place(document, ("components", "installer_service"), (1, 1))
        message = "`components.installer_service: push` is not carried out by this version"
        found.append(Problem(job.file, line, column, message, _LATER, "later"))
    return tuple(sorted(set(found)))


def _place(document: Document | None, path: Path, otherwise: tuple[int, int]) -> tuple[int, int]:
    return document.locate(path) if document else otherwise

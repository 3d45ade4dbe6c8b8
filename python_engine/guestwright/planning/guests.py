"""Which hosts of an inventory a job protects, and with which settings."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping

from guestwright.errors import InvalidFileError, InventoryError, Problem
from guestwright.jobs.build import laid_over
from guestwright.jobs.model import GuestEntry, GuestProcessing, Job
from guestwright.planning.model import Inventory

PROXY_GROUP = "guest_interaction_proxies"
BACKUP_SERVER = "backup_server"
"""The name under which the backup server stands in plans, and the inventory group that describes it."""


def select_guests(job: Job, inventory: Inventory, limit: str | None = None) -> dict[str, GuestProcessing]:
    """Return each guest of the job with its settings, in the order of the job's entries.

    What a later entry states wins for a guest; its place stays that of the first entry that names it. Guest interaction
    proxies and the backup server are guests only where an entry names them directly (design.md section 2).

    Args:
        job: the job.
        inventory: must hold what every pattern of the job, and `limit`, was resolved to.
        limit: a further pattern: only the guests that it matches stay.

    Raises:
        InvalidFileError: an entry matches no host of the inventory that could be a guest.
        InventoryError: the limit leaves no guest.
    """
    problems = pattern_problems(job, inventory)
    if problems:
        raise InvalidFileError(problems)
    servers = _servers(inventory)
    guests: dict[str, GuestProcessing] = {}
    for entry in job.guests:
        guests.update(_settings_of(entry, _guests_of(entry, inventory, servers), guests))
    if limit is None:
        return guests
    allowed = frozenset(inventory.matches[limit])
    limited = {name: settings for name, settings in guests.items() if name in allowed}
    if not limited:
        raise InventoryError(
            f"--limit '{limit}' leaves no guest of the job",
            _nearest(limit, guests) or f"the job has {len(guests)} guests without it",
        )
    return limited


def _settings_of(
    entry: GuestEntry, names: Iterable[str], earlier: Mapping[str, GuestProcessing]
) -> dict[str, GuestProcessing]:
    """Return the settings of an entry's guests; guests with the same earlier settings share the new ones, too."""
    shared: dict[int, GuestProcessing] = {}
    found: dict[str, GuestProcessing] = {}
    for name in names:
        before = earlier.get(name)
        if before is None:
            found[name] = entry.guest_processing
        else:
            found[name] = shared.get(id(before)) or shared.setdefault(id(before), laid_over(before, entry.own_settings))
    return found


def pattern_problems(job: Job, inventory: Inventory) -> list[Problem]:
    """Return a problem for every entry of the job that stands for no guest at all, at its place in the file."""
    servers = _servers(inventory)
    problems = []
    for entry in job.guests:
        if _guests_of(entry, inventory, servers):
            continue
        if inventory.matches[entry.hosts]:
            message = f"'{entry.hosts}' matches only members of {PROXY_GROUP} or {BACKUP_SERVER}"
            hint = "name such a host itself to make it a guest"
        else:
            message = f"'{entry.hosts}' matches no host of the inventory"
            groups = {group for host in inventory.hosts.values() for group in host.groups}
            hint = _nearest(entry.hosts, groups.union(inventory.hosts)) or "see `ansible-inventory --graph`"
        problems.append(Problem(job.file, entry.line, entry.column, message, hint, "unknown_pattern"))
    return problems


def require_known(names: Iterable[str], known: Iterable[str], what: str, where: str) -> None:
    """Refuse names that are not among the known ones.

    Raises:
        InventoryError: names the first unknown one, and the nearest known one.
    """
    known = frozenset(known)
    for name in names:
        if name not in known:
            hint = _nearest(name, known) or f"known: {', '.join(sorted(known)[:10]) or 'none'}"
            raise InventoryError(f"{where} names the {what} '{name}', which the inventory does not have", hint)


def _servers(inventory: Inventory) -> frozenset[str]:
    return frozenset(inventory.group(PROXY_GROUP) + inventory.group(BACKUP_SERVER))


def _guests_of(entry: GuestEntry, inventory: Inventory, servers: frozenset[str]) -> list[str]:
    directly = frozenset(inventory.named_directly.get(entry.hosts, ()))
    return [name for name in inventory.matches[entry.hosts] if name not in servers or name in directly]


def _nearest(name: str, known: Iterable[str]) -> str:
    found = difflib.get_close_matches(name, sorted(known), n=1)
    return f"did you mean '{found[0]}'?" if found else ""

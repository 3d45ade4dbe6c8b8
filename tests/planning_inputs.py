"""Inventories and jobs made by hand for the tests of planning."""

from __future__ import annotations

from typing import Any

from guestwright.jobs.model import GuestEntry, GuestInteractionProxies, GuestProcessing, Job
from guestwright.planning.model import Host, Inventory

PROXIES = "guest_interaction_proxies"


def host(name: str, *groups: str, **variables: Any) -> Host:
    return Host(name, tuple(sorted(("all", *groups))), variables)


def inventory(*hosts: Host, **matches: tuple[str, ...]) -> Inventory:
    """Resolve each group and host name that is used as a pattern, and `everything`; keywords add other patterns."""
    names = tuple(one.name for one in hosts)
    resolved: dict[str, tuple[str, ...]] = {"everything": names}
    directly: dict[str, tuple[str, ...]] = {}
    for group in {group for one in hosts for group in one.groups}:
        resolved[group] = tuple(one.name for one in hosts if group in one.groups)
    for name in names:
        resolved[name] = directly[name] = (name,)
    return Inventory({one.name: one for one in hosts}, resolved | matches, directly, ("hosts.yml",))


def job(*patterns: str, proxies: GuestInteractionProxies | None = None, **changes: Any) -> Job:
    """Return a job whose entries share one set of settings; `job(..., session=...)` sets the rest."""
    settings = changes.pop("guest_processing", GuestProcessing())
    entries = tuple(GuestEntry(pattern, settings, line, 5) for line, pattern in enumerate(patterns, 4))
    selection = proxies or GuestInteractionProxies()
    return Job("nightly", entries, settings, selection, file="jobs/nightly.yml", **changes)

"""The frozen values of planning: what an inventory says, what is assumed, and what was decided per guest."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Literal

from guestwright.jobs.model import GuestProcessing, Job

OperatingSystem = Literal["linux", "windows"]


@dataclass(frozen=True)
class Host:
    """One host of an Ansible inventory.

    Attributes:
        name: its inventory name.
        groups: all groups that it is in, sorted.
        variables: those of its variables that planning reads: `guestwright_*` and connection variables, never
            a password or another secret. Templates stay text.
    """

    name: str
    groups: tuple[str, ...] = ()
    variables: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))


@dataclass(frozen=True)
class Inventory:
    """What Ansible's own loader read.

    Attributes:
        hosts: by name, in the inventory's order.
        matches: per pattern of the job (and of `--limit`), the names that Ansible resolved it to, in its order.
        named_directly: per pattern, the names of hosts that the pattern names themselves, not through a group or a
            wildcard; the members of `guest_interaction_proxies` and `backup_server` are guests only then.
        sources: the paths that were read, for messages.
    """

    hosts: Mapping[str, Host]
    matches: Mapping[str, tuple[str, ...]] = field(default_factory=lambda: MappingProxyType({}))
    named_directly: Mapping[str, tuple[str, ...]] = field(default_factory=lambda: MappingProxyType({}))
    sources: tuple[str, ...] = ()

    def group(self, name: str) -> tuple[str, ...]:
        """Return the names of the hosts in a group, in the inventory's order; empty where it does not exist."""
        return tuple(host.name for host in self.hosts.values() if name in host.groups)


@dataclass(frozen=True)
class GuestFacts:
    """What `--assume` states of one guest. None is: not stated."""

    os: OperatingSystem | None = None
    routes: Mapping[str, bool] = field(default_factory=lambda: MappingProxyType({}))
    certificates_valid: bool | None = None
    installed: tuple[str, ...] | None = None


@dataclass(frozen=True)
class ProxyFacts:
    """What `--assume` states of one guest interaction proxy."""

    link_up: bool | None = None
    running_tasks: int | None = None


@dataclass(frozen=True)
class Assumptions:
    """The content of an `--assume` file; empty where none was given."""

    guests: Mapping[str, GuestFacts] = field(default_factory=lambda: MappingProxyType({}))
    proxies: Mapping[str, ProxyFacts] = field(default_factory=lambda: MappingProxyType({}))


@dataclass(frozen=True)
class Candidate:
    """A machine that could deploy to a guest, in the order in which they are tried.

    Attributes:
        name: the proxy's inventory name, or `backup_server`.
        why: why it ranks where it does, one sentence.
        usable: False where it cannot be used (its link is down).
    """

    name: str
    why: str
    usable: bool = True


@dataclass(frozen=True)
class Port:
    """A port that must be open: from one machine to another."""

    source: str
    destination: str
    protocol: Literal["tcp", "udp"]
    port: int
    purpose: str


@dataclass(frozen=True)
class GuestPlan:
    """Every decision for one guest, with its explanation.

    Attributes:
        name: the guest's inventory name.
        os: `linux` or `windows`.
        address: its first `guestwright_addresses`, else `ansible_host`, else its name.
        settings: the job's guest processing with the guest's own settings laid over it.
        deployer: a proxy's inventory name, or `backup_server`; None where the job allows none.
        candidates: all deployers in their order.
        wanted: `runtime` or `persistent`; `none` where application processing is disabled.
        method: `runtime`, `persistent`, `fails`, `unknown`; None where application processing is disabled.
        route: None where the method fails, is unknown or is None.
        routes: the routes that would be tried, in order.
        trace: the questions asked with their answers.
        reason: one sentence: why the method is what it is.
        phases: phase name to the steps that will be done, in order.
        ports: what must be open.
        on_failure: what a failure of guest processing would mean, one sentence (domain.md section 6).
    """

    name: str
    os: OperatingSystem
    address: str
    settings: GuestProcessing
    deployer: str | None
    candidates: tuple[Candidate, ...]
    wanted: str
    method: str | None
    route: str | None
    routes: tuple[str, ...]
    trace: tuple[Mapping[str, str], ...]
    reason: str
    phases: Mapping[str, tuple[str, ...]]
    ports: tuple[Port, ...]
    on_failure: str


@dataclass(frozen=True)
class Plan:
    """The plan of a job: one entry per guest, in the job's order."""

    job: Job
    guests: tuple[GuestPlan, ...]

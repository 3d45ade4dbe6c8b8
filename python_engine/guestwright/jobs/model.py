"""The frozen values of a validated job (design.md section 2). Durations are whole seconds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Literal

ScriptMode = Literal["require_success", "ignore_failures", "disabled"]
ApplicationProcessing = Literal["require_success", "ignore_failures", "disabled"]
Method = Literal["automatic", "runtime_only", "persistent_only"]
Route = Literal["admin", "installer_service", "hypervisor"]

Command = tuple[str, ...]
"""A command as its list of arguments; no shell ever sees it."""


@dataclass(frozen=True)
class Scripts:
    """Scripts on the guest, before the freeze and after the thaw (domain.md section 9)."""

    mode: ScriptMode = "ignore_failures"
    pre_freeze: tuple[Command, ...] = ()
    post_thaw: tuple[Command, ...] = ()
    timeout: int = 600


@dataclass(frozen=True)
class Applications:
    """What is made consistent on the guest: so far the file systems mounted at these paths."""

    filesystems: tuple[str, ...] = ()


@dataclass(frozen=True)
class TransactionLogs:
    """Log handling; `process` alone needs the Log Shipping Service."""

    mode: Literal["disabled", "process", "copy_only"] = "disabled"
    ship_every: int = 900
    retain: int = 15 * 86400


@dataclass(frozen=True)
class Indexing:
    """Which files of the guest are indexed."""

    mode: Literal["disabled", "everything", "everything_except", "only"] = "disabled"
    paths: tuple[str, ...] = ()


@dataclass(frozen=True)
class GuestProcessing:
    """How one guest is processed: the job's settings with the guest's own laid over them."""

    application_processing: ApplicationProcessing = "ignore_failures"
    use_persistent_guest_agent: bool = False
    method: Method = "automatic"
    routes: tuple[Route, ...] = ("admin", "installer_service", "hypervisor")
    freeze_timeout: int = 60
    scripts: Scripts = Scripts()
    applications: Applications = Applications()
    transaction_logs: TransactionLogs = TransactionLogs()
    indexing: Indexing = Indexing()

    @property
    def required_components(self) -> tuple[str, ...]:
        """The persistent components that this guest needs (domain.md section 2)."""
        if self.transaction_logs.mode == "process":
            return ("guest_helper", "log_shipping")
        return ("guest_helper",)


@dataclass(frozen=True)
class GuestEntry:
    """One entry of `guests`: an Ansible pattern and the settings that its guests get.

    Attributes:
        hosts: the pattern.
        guest_processing: the job's settings with the entry's own laid over them.
        line: where the pattern stands in the file, for errors found only with an inventory.
        column: the same.
        own_settings: what the entry itself states, as checked data: laid over those of earlier entries for a guest that
            several entries name.
    """

    hosts: str
    guest_processing: GuestProcessing
    line: int = 1
    column: int = 1
    own_settings: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}), hash=False)


@dataclass(frozen=True)
class GuestInteractionProxies:
    """Which proxies may deploy to Windows guests (domain.md sections 4 and 9)."""

    selection: Literal["automatic", "prefer", "only"] = "automatic"
    servers: tuple[str, ...] = ()
    fall_back_to_backup_server: bool = True


@dataclass(frozen=True)
class Network:
    """How often a broken connection is tried again (domain.md section 5)."""

    guest_reconnects: int = 1
    proxy_reconnects: int = 10


@dataclass(frozen=True)
class Components:
    """Which component set is deployed, and how long a runtime component lives without being renewed."""

    catalogue: str = "open"
    installer_service: Literal["require", "push"] = "require"
    time_to_live: int = 7200


@dataclass(frozen=True)
class SessionCommand:
    """A command on the backup server. Its arguments are expressions: Ansible evaluates them."""

    command: Command
    timeout: int


@dataclass(frozen=True)
class Session:
    """What happens between freeze and thaw, and after (design.md section 2)."""

    consistency_group: Literal["guest", "job"] = "guest"
    parallel: int = 8
    snapshot: SessionCommand | None = None
    backup: SessionCommand | None = None


@dataclass(frozen=True)
class Job:
    """A validated job. `file` is the path as the user gave it."""

    name: str
    guests: tuple[GuestEntry, ...]
    guest_processing: GuestProcessing = GuestProcessing()
    guest_interaction_proxies: GuestInteractionProxies = GuestInteractionProxies()
    network: Network = Network()
    components: Components = Components()
    session: Session = Session()
    file: str = ""

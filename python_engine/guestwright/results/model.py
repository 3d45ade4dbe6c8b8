"""The frozen result of a run (design.md section 8): what every report is made from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Literal

from guestwright.exit_codes import ExitCode

SCHEMA_VERSION = 1

Status = Literal["success", "degraded", "failed", "skipped"]
Consistency = Literal["application", "crash", "none"]


@dataclass(frozen=True)
class Failure:
    """Why guest processing or the backup of a guest failed: a stable code, and a sentence for people."""

    code: str
    message: str


@dataclass(frozen=True)
class Leftover:
    """Something of ours that was found on a guest after the release.

    `kind` is process, file, socket, unit, cron, user, firewall or frozen_file_system, and `path` names it; or it is
    `unproven`, where the guest could not be asked, and `path` says so.
    """

    kind: str
    path: str


@dataclass(frozen=True)
class FreezeWindow:
    """How long the guest's file systems stood still.

    Attributes:
        file_systems: the mount points that were frozen, in order.
        seconds: from the first freeze to the last thaw, by the guest's monotonic clock.
        held: False where the freeze ended by itself before the thaw was asked for.
    """

    file_systems: tuple[str, ...]
    seconds: float
    held: bool


@dataclass(frozen=True)
class GuestResult:
    """The outcome of one guest. `phases` maps a phase to its seconds; `changes` says what a check run would do."""

    name: str
    status: Status
    method: str | None = None
    route: str | None = None
    deployer: str | None = None
    consistency: Consistency = "none"
    trace: tuple[Mapping[str, str], ...] = ()
    guest_reconnects: int = 0
    proxy_reconnects: int = 0
    phases: Mapping[str, float] = field(default_factory=lambda: MappingProxyType({}))
    freeze: FreezeWindow | None = None
    leftovers: tuple[Leftover, ...] = ()
    warnings: tuple[str, ...] = ()
    changes: tuple[str, ...] = ()
    error: Failure | None = None


@dataclass(frozen=True)
class Result:
    """The outcome of a run.

    Attributes:
        run_id: names the run on guests, in the ledger and in reports.
        job: the job's name.
        exit_code: what the command exits with.
        started: RFC 3339, UTC.
        finished: RFC 3339, UTC.
        guests: by inventory name, in the plan's order.
        interrupted: the run was ended by a signal.
        check: nothing was changed: a check run.
        notes: what the reader of the report must know of the run as a whole.
    """

    run_id: str
    job: str
    exit_code: ExitCode
    started: str
    finished: str
    guests: Mapping[str, GuestResult]
    interrupted: bool = False
    check: bool = False
    notes: tuple[str, ...] = ()


def as_document(result: Result) -> dict[str, Any]:
    """Return the result as the JSON document that `guestwright schema result` describes."""
    return {
        "schema_version": SCHEMA_VERSION,
        "run_id": result.run_id,
        "job": result.job,
        "exit_code": int(result.exit_code),
        "started": result.started,
        "finished": result.finished,
        "interrupted": result.interrupted,
        "check": result.check,
        "notes": list(result.notes),
        "guests": {name: _guest_document(guest) for name, guest in result.guests.items()},
    }


def _guest_document(guest: GuestResult) -> dict[str, Any]:
    freeze = guest.freeze
    return {
        "status": guest.status,
        "method": guest.method,
        "route": guest.route,
        "deployer": guest.deployer,
        "consistency": guest.consistency,
        "trace": [dict(step) for step in guest.trace],
        "reconnects": {"guest": guest.guest_reconnects, "proxy": guest.proxy_reconnects},
        "phases": dict(guest.phases),
        "freeze": freeze
        and {"file_systems": list(freeze.file_systems), "seconds": freeze.seconds, "held": freeze.held},
        "leftovers": [{"kind": leftover.kind, "path": leftover.path} for leftover in guest.leftovers],
        "warnings": list(guest.warnings),
        "changes": list(guest.changes),
        "error": guest.error and {"code": guest.error.code, "message": guest.error.message},
    }

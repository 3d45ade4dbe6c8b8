"""Results that the report tests share."""

from __future__ import annotations

import pytest
from guestwright.exit_codes import ExitCode
from guestwright.results.model import Failure, FreezeWindow, GuestResult, Leftover, Result

RUNTIME_TRACE = (
    {"question": "admin route open?", "answer": "yes"},
    {"question": "required persistent component installed?", "answer": "no"},
)
NO_ROUTE_TRACE = (
    {"question": "admin route open?", "answer": "no"},
    {"question": "Installer Service reachable?", "answer": "no", "why": "its port is closed"},
    {"question": "hypervisor route open?", "answer": "no", "why": "the job does not allow the route"},
)


@pytest.fixture
def rich_result() -> Result:
    """A run with every kind of outcome, and with names and messages that try to break out of each format."""
    guests = (
        GuestResult(
            "linux-001",
            "success",
            method="runtime",
            route="admin",
            deployer="backup_server",
            consistency="application",
            trace=RUNTIME_TRACE,
            phases={"prepare": 0.41, "freeze": 0.044, "snapshot": 1.2, "thaw": 0.01, "backup": 75.0, "release": 0.2},
            freeze=FreezeWindow(("/srv",), 1.254, held=True),
            changes=("deploy the runtime components to /run/guestwright/nightly-7f3a",),
        ),
        GuestResult(
            "web|01.example.com",
            "degraded",
            method="runtime",
            route="admin",
            deployer="proxy-1",
            consistency="crash",
            trace=RUNTIME_TRACE,
            guest_reconnects=1,
            phases={"prepare": 0.5, "freeze": 0.05, "snapshot": 61.5, "thaw": 0.02, "backup": 80.25, "release": 0.3},
            freeze=FreezeWindow(("/srv", "/var/lib/data"), 60.0, held=False),
            warnings=("the post-thaw script ended with 3",),
            error=Failure("freeze_expired", "the freeze ended by itself 1.5 s before the thaw was asked for"),
        ),
        GuestResult(
            '<script>alert("db")</script>',
            "failed",
            deployer="backup_server",
            trace=NO_ROUTE_TRACE,
            phases={"prepare": 10.0},
            error=Failure(
                "no_route",
                "no route answered: admin: connection timed out\n::error::not a command\x1b[31m <b>&amp;</b> ]]>",
            ),
        ),
        GuestResult(
            "größe-β",
            "failed",
            method="runtime",
            route="hypervisor",
            deployer="backup_server",
            consistency="application",
            phases={"prepare": 0.4, "freeze": 0.1, "snapshot": 0.9, "thaw": 0.0, "backup": 12.0, "release": 0.6},
            freeze=FreezeWindow(("/srv",), 1.0, held=True),
            leftovers=(
                Leftover("file", "/run/guestwright/nightly-7f3a/a*b_c|d"),
                Leftover("process", "4711 guestwright.pyz"),
            ),
            error=Failure("leftovers", "2 things of ours were found on the guest after the release"),
        ),
        GuestResult(
            "sql",
            "skipped",
            error=Failure("interrupted", "the run was stopped before this guest's turn"),
        ),
    )
    return Result(
        run_id="nightly-7f3a",
        job="nightly",
        exit_code=ExitCode.LEFTOVERS,
        started="2026-03-01T01:00:00Z",
        finished="2026-03-01T01:04:05.500000Z",
        guests={guest.name: guest for guest in guests},
        notes=("This lab shares the kernel of its machine: it cannot show a guest that <i>reboots</i>.",),
    )


@pytest.fixture
def check_result() -> Result:
    """A check run that found changes to make."""
    guest = GuestResult(
        "linux-001",
        "success",
        method="runtime",
        route="admin",
        deployer="backup_server",
        trace=RUNTIME_TRACE,
        phases={"prepare": 0.2},
        changes=("deploy the runtime components to /run/guestwright/nightly-8a", "freeze /srv"),
    )
    return Result(
        run_id="nightly-8a",
        job="nightly",
        exit_code=ExitCode.CHANGES_PENDING,
        started="2026-03-01T01:00:00Z",
        finished="2026-03-01T01:00:01Z",
        guests={guest.name: guest},
        check=True,
    )


@pytest.fixture
def empty_result() -> Result:
    """A run without guests, interrupted before it began."""
    return Result(
        run_id="nightly-0",
        job="nightly",
        exit_code=ExitCode.INTERRUPTED,
        started="2026-03-01T01:00:00Z",
        finished="not a time",
        guests={},
        interrupted=True,
    )

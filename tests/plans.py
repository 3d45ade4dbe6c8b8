"""Plans and records made by hand, for tests that start after planning."""

from __future__ import annotations

import dataclasses
from typing import Any

from guestwright.jobs.model import GuestEntry, GuestProcessing, Job, Session, SessionCommand
from guestwright.planning.model import Candidate, GuestPlan, Plan
from guestwright.results.collect import GuestRecord
from guestwright.results.documents import PhaseEvent

BACKUP = SessionCommand(("backup", "--guest", "{{ inventory_hostname }}"), 14400)
SNAPSHOT = SessionCommand(("snapshot", "--vm", "{{ inventory_hostname }}"), 30)


def guest_plan(name: str = "web-1", **changes: Any) -> GuestPlan:
    """Return the plan of one Linux guest; keyword arguments change it or, by their name, its settings."""
    settings_names = {field.name for field in dataclasses.fields(GuestProcessing)}
    settings = GuestProcessing(**{key: value for key, value in changes.items() if key in settings_names})
    plan = GuestPlan(
        name=name,
        os="linux",
        address="192.0.2.1",
        settings=settings,
        deployer="backup_server",
        candidates=(Candidate("backup_server", "Linux guests get their components from the backup server"),),
        wanted="runtime",
        method="unknown",
        route=None,
        routes=("admin", "installer_service", "hypervisor"),
        trace=({"question": "admin route open?", "answer": "unknown"},),
        reason="it depends on what is found on the guest",
        phases={"prepare": ("deploy",), "session": (), "release": ("remove",)},
        ports=(),
        on_failure="the backup is only crash-consistent",
    )
    plan_names = {field.name for field in dataclasses.fields(GuestPlan)} - settings_names
    return dataclasses.replace(plan, **{key: value for key, value in changes.items() if key in plan_names})


def plan_of(*guests: GuestPlan, session: Session | None = None, **job: Any) -> Plan:
    """Return a plan of a job called nightly with these guests."""
    entries = (GuestEntry("all", GuestProcessing()),)
    return Plan(Job(name="nightly", guests=entries, session=session or Session(), **job), guests)


def record_of(*documents: dict[str, Any]) -> GuestRecord:
    """Return a record that has taken in these documents, each with the keys that all of its phase have."""
    record = GuestRecord()
    for document in documents:
        whole = {"guest": "web-1", "reconnects": 0, "changes": [], "warnings": [], "error": None, **document}
        record.add(whole["phase"], PhaseEvent("web-1", whole))
    return record

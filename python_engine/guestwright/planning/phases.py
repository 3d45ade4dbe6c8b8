"""What will be done to a guest, phase by phase, in words; and what a failure would mean."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from types import MappingProxyType

from ansible_collections.guestwright.components.plugins.module_utils.method import Decision

from guestwright.jobs.model import Command, GuestProcessing, Job
from guestwright.planning.variables import Connection

_COMPONENT_NAMES = {"guest_helper": "Guest Helper", "log_shipping": "Log Shipping Service"}
_ROUTE_NAMES = {
    "admin": "the admin route",
    "installer_service": "the Installer Service",
    "hypervisor": "the hypervisor's guest channel",
}

Phases = Mapping[str, tuple[str, ...]]


def phases_of(
    job: Job,
    settings: GuestProcessing,
    connection: Connection,
    decision: Decision | None,
    wanted: str,
    routes: tuple[str, ...],
) -> Phases:
    """Return the steps of the phases prepare, session and release, each phase in order.

    Args:
        job: the job.
        settings: the guest's settings.
        connection: how the guest is managed.
        decision: by which method and route; None where no guest processing is wanted.
        wanted: `runtime`, `persistent` or `none`.
        routes: the routes that will be tried.
    """
    if decision is None:
        session = _around_snapshot(job, ["no guest processing is done: the snapshot is crash-consistent"], [])
        return MappingProxyType({"prepare": (), "session": tuple(session), "release": ()})
    if decision.method == "fails":
        return MappingProxyType(
            {
                "prepare": (f"guest processing fails: {decision.reason}",),
                "session": tuple(_session_after_failure(job, settings)),
                "release": (),
            }
        )
    return MappingProxyType(
        {
            "prepare": tuple(_prepare(job, settings, connection, decision, wanted, routes)),
            "session": tuple(_session(job, settings)),
            "release": tuple(_release(decision, wanted)),
        }
    )


def on_failure(job: Job, settings: GuestProcessing) -> str:
    """Say what a failure of guest processing would mean (domain.md section 6)."""
    if settings.application_processing == "disabled":
        return "No guest processing is tried, so none can fail; the backup is crash-consistent."
    if settings.application_processing == "ignore_failures":
        return "The backup is made without guest processing: crash-consistent only, and the guest is degraded."
    made = [name for name, command in (("snapshot", job.session.snapshot), ("backup", job.session.backup)) if command]
    if not made:
        return "The guest is failed."
    return f"The guest is failed, and its {' and '.join(made)} {'is' if len(made) == 1 else 'are'} not made."


def duration(seconds: int) -> str:
    """Return a duration as a job writes it, in the largest unit that divides it."""
    for unit, size in (("d", 86400), ("h", 3600), ("m", 60)):
        if seconds and seconds % size == 0:
            return f"{seconds // size}{unit}"
    return f"{seconds}s"


def _prepare(
    job: Job,
    settings: GuestProcessing,
    connection: Connection,
    decision: Decision,
    wanted: str,
    routes: tuple[str, ...],
) -> list[str]:
    required = " and ".join(_COMPONENT_NAMES[name] for name in settings.required_components)
    reconnects = job.network.guest_reconnects
    retry = f"a broken connection is tried again {reconnects} {'time' if reconnects == 1 else 'times'}"
    if decision.method == "unknown":
        tried = ", then ".join(_ROUTE_NAMES[route] for route in routes) or "no route is left"
        steps = [f"find out which route is open: {tried}; {retry}"]
        if wanted == "runtime":
            steps.append(f"deploy the runtime components, unless {required} is installed as a persistent component")
        else:
            steps.append(f"use the installed {required}; the Installer Service installs what is missing")
        return steps
    steps = [f"connect over {_over(decision.route, connection)}; {retry}"]
    if decision.method == "runtime":
        place = "the guest's temp" if decision.route == "hypervisor" else _place(connection)
        steps += [
            f"deploy the runtime components into {place}",
            f"start the Guest Helper; it removes itself after {duration(job.components.time_to_live)} without contact",
        ]
    elif decision.install:
        steps.append(f"let the Installer Service install {required}")
    else:
        steps.append(f"use the installed {required}")
    return steps


def _over(route: str | None, connection: Connection) -> str:
    name = _ROUTE_NAMES.get(route or "", "no route")
    if route == "admin" and connection.management != "none":
        return f"{name} ({'SSH' if connection.management == 'ssh' else 'WinRM'}, port {connection.port})"
    return f"{name} ({connection.hypervisor})" if route == "hypervisor" and connection.hypervisor else name


def _place(connection: Connection) -> str:
    if connection.os == "windows":
        return "a folder under C:\\Windows that only administrators can open"
    return "/run/guestwright, readable by root only"


def _session(job: Job, settings: GuestProcessing) -> list[str]:
    scripts = settings.scripts
    before: list[str] = []
    after: list[str] = []
    if scripts.mode != "disabled":
        limit = f"at most {duration(scripts.timeout)}"
        before += [f"run on the guest, {limit}: {_shown(command)}" for command in scripts.pre_freeze]
    file_systems = settings.applications.filesystems
    if file_systems:
        before.append(f"freeze {', '.join(file_systems)} for at most {duration(settings.freeze_timeout)}")
        after.append(f"thaw {', '.join(reversed(file_systems))}")
    else:
        before.append("freeze nothing: the job names no file systems")
    if scripts.mode != "disabled":
        after += [f"run on the guest, {limit}: {_shown(command)}" for command in scripts.post_thaw]
    logs = settings.transaction_logs
    if logs.mode == "process":
        after.append(f"ship transaction logs every {duration(logs.ship_every)}, keep them {duration(logs.retain)}")
    elif logs.mode == "copy_only":
        after.append("leave the transaction logs as they are: copy only")
    if settings.indexing.mode != "disabled":
        paths = f" {', '.join(settings.indexing.paths)}" if settings.indexing.paths else ""
        after.append(f"index files: {settings.indexing.mode.replace('_', ' ')}{paths}")
    if job.session.consistency_group == "job":
        before.append("wait until every guest of the job is frozen")
        after.insert(0, "thaw in the reverse order of the freeze, guest by guest")
    return _around_snapshot(job, before, after)


def _session_after_failure(job: Job, settings: GuestProcessing) -> list[str]:
    if settings.application_processing == "require_success":
        return [on_failure(job, settings)]
    return _around_snapshot(job, ["go on without guest processing: the snapshot is only crash-consistent"], [])


def _around_snapshot(job: Job, before: list[str], after: list[str]) -> list[str]:
    once = "once for the job" if job.session.consistency_group == "job" else "for this guest"
    steps = list(before)
    for name, command, more in (("snapshot", job.session.snapshot, after), ("backup", job.session.backup, [])):
        if command is not None:
            limit = f"at most {duration(command.timeout)}"
            steps.append(f"{name} on the backup server, {once}, {limit}: {_shown(command.command)}")
        steps += more
    return steps


def _shown(command: Command) -> str:
    return shlex.join(command)


def _release(decision: Decision, wanted: str) -> list[str]:
    kinds = "processes, files, sockets, units, cron entries, users and firewall rules"
    if "persistent" in (decision.method, wanted):
        return ["leave the persistent components installed", f"look for {kinds} of the session; list any left"]
    if decision.method == "unknown":
        return ["remove the runtime components, if they were deployed", f"look for {kinds} of ours; list any left"]
    return ["remove the runtime components", f"look for {kinds} of ours; list any left"]

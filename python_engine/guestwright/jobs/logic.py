"""Logical checks: settings that fit the schema each by itself, but together cannot mean what they say.

Pure. An error only where the job cannot be carried out as written; a warning where it can, but something that is
written will have no effect or a surprising one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple

from guestwright.errors import Problem
from guestwright.jobs import commands, durations
from guestwright.jobs.model import GuestProcessing, Job
from guestwright.jobs.positions import Document, Path, SequenceNode, named
from guestwright.jobs.scalars import shown

_DEFAULTS = ("guest_processing",)


def check(job: Job, document: Document) -> list[Problem]:
    """Return what is wrong with a job that fits the schema, errors and warnings.

    Args:
        job: the job.
        document: what it was made of, for the places.
    """
    found = [
        *_repeated_patterns(job, document),
        *_guests(job, document),
        *_without_effect(job, document),
        *_relative_scripts(job, document),
        *_proxies(job, document),
        *_session(job, document),
        *_time_to_live(job, document),
    ]
    return list(dict.fromkeys(found))


def written_at(document: Document, index: int, *path: str) -> tuple[str | int, ...]:
    """Return where a guest's setting comes from: its entry, or else the job's defaults, or else the entry itself."""
    own: tuple[str | int, ...] = ("guests", index, "guest_processing", *path)
    if document.node(own) is not None:
        return own
    if document.node((*_DEFAULTS, *path)) is not None:
        return (*_DEFAULTS, *path)
    return ("guests", index, "hosts")


def _error(document: Document, path: Path, message: str, hint: str, rule: str) -> Problem:
    return Problem(document.file, *document.locate(path), message, hint, rule)


def _warning(document: Document, path: Path, message: str, hint: str, rule: str) -> Problem:
    return Problem(document.file, *document.locate(path), message, hint, rule, "warning")


def _repeated_patterns(job: Job, document: Document) -> Iterator[Problem]:
    first: dict[str, int] = {}
    for index, entry in enumerate(job.guests):
        if entry.hosts in first:
            line = job.guests[first[entry.hosts]].line
            message = f"the pattern `{shown(entry.hosts)}` is there twice"
            hint = f"the first one is on line {line}; keep one"
            yield _error(document, ("guests", index, "hosts"), message, hint, "duplicate")
        first.setdefault(entry.hosts, index)


def _guests(job: Job, document: Document) -> Iterator[Problem]:
    for index, entry in enumerate(job.guests):
        settings = entry.guest_processing
        if settings.application_processing != "disabled":
            yield from _method(settings, document, index)
        yield from _paths_missing(settings, document, index)


def _method(settings: GuestProcessing, document: Document, index: int) -> Iterator[Problem]:
    """Check that the wanted method has a route (domain.md section 2)."""
    routes = written_at(document, index, "routes")
    if settings.method == "runtime_only":
        if settings.use_persistent_guest_agent:
            message = "`method: runtime_only` contradicts `use_persistent_guest_agent: true`"
            hint = "with `automatic` the persistent agent is used; with `false` runtime components are"
            yield _error(document, written_at(document, index, "method"), message, hint, "contradiction")
        elif not {"admin", "hypervisor"} & set(settings.routes):
            message = "`method: runtime_only` has no route: runtime components go over `admin` or `hypervisor`"
            yield _error(document, routes, message, "add one of them to `routes`", "contradiction")
        return
    strict = settings.method == "persistent_only"
    wanted = strict or settings.use_persistent_guest_agent
    if wanted and not {"installer_service", "hypervisor"} & set(settings.routes):
        why = "`method: persistent_only`" if strict else "`use_persistent_guest_agent: true`"
        message = f"{why} has no route: persistent agents are reached over `installer_service` or `hypervisor`"
        yield _error(document, routes, message, "add one of them to `routes`", "contradiction")


def _paths_missing(settings: GuestProcessing, document: Document, index: int) -> Iterator[Problem]:
    indexing = settings.indexing
    if indexing.mode in {"everything_except", "only"} and not indexing.paths:
        message = f"`indexing.mode: {indexing.mode}` names no paths"
        path = written_at(document, index, "indexing", "mode")
        yield _error(document, path, message, "add `paths`", "contradiction")


class _Effect(NamedTuple):
    """A list of settings, when it has an effect, and what is told where it never has one."""

    path: tuple[str, str]
    alive: Callable[[GuestProcessing], bool]
    message: str
    hint: str
    severity: str


def _scripts_run(settings: GuestProcessing) -> bool:
    return settings.application_processing != "disabled" and settings.scripts.mode != "disabled"


_EFFECTS = (
    *(
        _Effect(
            ("scripts", key),
            _scripts_run,
            f"`{key}` scripts are given, but scripts are disabled",
            "remove them, or choose another `scripts.mode` and `application_processing`",
            "error",
        )
        for key in ("pre_freeze", "post_thaw")
    ),
    _Effect(
        ("indexing", "paths"),
        lambda settings: settings.indexing.mode in {"everything_except", "only"},
        "paths are given, but `indexing.mode` uses none",
        "remove them, or choose `everything_except` or `only`",
        "error",
    ),
    _Effect(
        ("applications", "filesystems"),
        lambda settings: settings.application_processing != "disabled",
        "file systems are given, but `application_processing` is disabled: nothing is frozen",
        "",
        "warning",
    ),
)


def _without_effect(job: Job, document: Document) -> Iterator[Problem]:
    """Tell lists that have no effect for any guest that gets them; one that some guest uses is left alone."""
    for effect in _EFFECTS:
        alive: dict[tuple[str | int, ...], bool] = {}
        for index, entry in enumerate(job.guests):
            path = written_at(document, index, *effect.path)
            node = document.node(path)
            if isinstance(node, SequenceNode) and node.items:
                alive[path] = alive.get(path, False) or effect.alive(entry.guest_processing)
        make = _error if effect.severity == "error" else _warning
        for path, used in alive.items():
            if not used:
                yield make(document, path, effect.message, effect.hint, "without_effect")


def _relative_scripts(job: Job, document: Document) -> Iterator[Problem]:
    places: list[Path] = [_DEFAULTS, *(("guests", index, "guest_processing") for index in range(len(job.guests)))]
    for place in places:
        for key in ("pre_freeze", "post_thaw"):
            path = (*place, "scripts", key)
            for number, command in enumerate(document.data(path) or ()):
                program = commands.arguments(command)[0]
                if not _absolute(program):
                    message = f"the script `{shown(program)}` is not an absolute path"
                    hint = "write the whole path on the guest, such as /usr/local/sbin/quiesce"
                    if isinstance(command, str) and command[1:3] == ":\\":
                        hint = "write a path with backslashes in a list of arguments: ['C:\\folder\\script.cmd']"
                    yield _error(document, (*path, number), message, hint, "relative_path")


def _absolute(path: str) -> bool:
    return path.startswith("/") or (path[:1].isalpha() and path[1:3] in {":\\", ":/"})


def _proxies(job: Job, document: Document) -> Iterator[Problem]:
    proxies = job.guest_interaction_proxies
    selection = ("guest_interaction_proxies", "selection")
    servers = ("guest_interaction_proxies", "servers")
    if proxies.selection == "automatic" and proxies.servers:
        message = "`servers` are named, but `selection` is automatic, which ranks all proxies"
        yield _error(document, servers, message, "choose `prefer` or `only`", "contradiction")
    elif proxies.selection == "prefer" and not proxies.servers:
        message = "`selection: prefer` names no servers"
        yield _error(document, selection, message, "add `servers`, or choose `automatic`", "contradiction")
    elif proxies.selection == "only" and not proxies.servers and not proxies.fall_back_to_backup_server:
        message = "`selection: only` names no servers, and the backup server may not stand in: nobody could deploy"
        hint = "add `servers`, or set `fall_back_to_backup_server: true`"
        yield _error(document, selection, message, hint, "contradiction")


def _session(job: Job, document: Document) -> Iterator[Problem]:
    session = job.session
    if session.consistency_group == "job" and session.snapshot is None:
        message = "`consistency_group: job` freezes all guests for one snapshot, but there is no `snapshot` command"
        hint = "add `session.snapshot.command`, or choose `guest`"
        yield _error(document, ("session", "consistency_group"), message, hint, "contradiction")
    if session.snapshot is None:
        return
    for index, entry in enumerate(job.guests):
        settings = entry.guest_processing
        freezes = settings.application_processing != "disabled" and settings.applications.filesystems
        if freezes and session.snapshot.timeout > settings.freeze_timeout:
            snapshot, freeze = durations.written(session.snapshot.timeout), durations.written(settings.freeze_timeout)
            message = f"the snapshot may take {snapshot}, but the freeze ends by itself after {freeze}"
            hint = "a snapshot that takes longer is crash-consistent; lower `session.snapshot.timeout`"
            path = written_at(document, index, "freeze_timeout")
            yield _warning(document, path, message, hint, "snapshot_outlasts_freeze")


def _time_to_live(job: Job, document: Document) -> Iterator[Problem]:
    """Check that a component outlives the steps between freeze and thaw, as far as the job states their length.

    What runs on the guest would be cut off, so that is an error; a snapshot may well be done sooner than it must be.
    """
    allowed = job.components.time_to_live
    on_guests = {
        written_at(document, index, *path)
        for index in range(len(job.guests))
        for path in (("freeze_timeout",), ("scripts", "timeout"))
    }
    for make, places in ((_error, on_guests), (_warning, {("session", "snapshot", "timeout")})):
        texts = [(document.data(place), place) for place in places if str(place[-1]).endswith("timeout")]
        longest, name = max(((durations.seconds(text), named(place)) for text, place in texts if text), default=(0, ""))
        if longest > allowed:
            message = f"`{name}` is {durations.written(longest)}, but a component lives {durations.written(allowed)}"
            hint = "raise `components.time_to_live`, or lower the timeout"
            yield make(document, ("components", "time_to_live"), message, hint, "time_to_live")

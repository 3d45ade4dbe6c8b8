"""From checked data to frozen values: defaults are the model's own, so that they stand in one place."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import TypeVar

from guestwright.jobs import commands, durations, model
from guestwright.jobs.positions import Data, Document

Value = TypeVar("Value")

SNAPSHOT_TIMEOUT = 30
"""Seconds that a snapshot may take where the job does not say (design.md section 2)."""
BACKUP_TIMEOUT = 4 * 3600
"""Seconds that a backup may take where the job does not say (design.md section 2)."""


def job(document: Document) -> model.Job:
    """Return the job of a document that fits the schema."""
    data = document.data()
    default_processing = laid_over(model.GuestProcessing(), data.get("guest_processing", {}))
    return model.Job(
        name=data["name"],
        guests=tuple(
            model.GuestEntry(
                entry["hosts"],
                laid_over(default_processing, entry.get("guest_processing", {})),
                *document.locate(("guests", index, "hosts")),
                own_settings=entry.get("guest_processing", {}),
            )
            for index, entry in enumerate(data["guests"])
        ),
        guest_processing=default_processing,
        guest_interaction_proxies=_filled(model.GuestInteractionProxies, data.get("guest_interaction_proxies", {})),
        network=_filled(model.Network, data.get("network", {})),
        components=_filled(model.Components, data.get("components", {})),
        session=_session(data.get("session", {})),
        file=document.file,
    )


def laid_over(settings: model.GuestProcessing, data: Mapping[str, Data]) -> model.GuestProcessing:
    """Lay what a job file states over settings, mapping by mapping; a list or a single value replaces the other."""
    return _replaced(settings, data) if data else settings


def _replaced(value: Value, data: Mapping[str, Data]) -> Value:
    changes = {
        key: _replaced(getattr(value, key), part) if isinstance(part, Mapping) else _converted(key, part)
        for key, part in data.items()
    }
    return dataclasses.replace(value, **changes)  # type: ignore[type-var]


def _session(data: Mapping[str, Data]) -> model.Session:
    values = dict(data)
    for key, timeout in (("snapshot", SNAPSHOT_TIMEOUT), ("backup", BACKUP_TIMEOUT)):
        if key in values:
            values[key] = _filled(model.SessionCommand, {"timeout": timeout, **values[key]})
    return _filled(model.Session, values)


_DURATIONS = frozenset({"freeze_timeout", "timeout", "ship_every", "retain", "time_to_live"})
_SCRIPTS = frozenset({"pre_freeze", "post_thaw"})


def _filled(kind: type[Value], data: Mapping[str, Data]) -> Value:
    return kind(**{key: _converted(key, value) for key, value in data.items()})


def _converted(key: str, value: Data) -> Data:
    if key in _DURATIONS and isinstance(value, str):
        return durations.seconds(value)
    if key == "command":
        return commands.arguments(value)
    if key in _SCRIPTS:
        return tuple(commands.arguments(command) for command in value)
    return tuple(value) if isinstance(value, list) else value

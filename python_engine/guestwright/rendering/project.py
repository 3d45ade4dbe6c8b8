"""A plan becomes a project: playbooks that any Ansible user can read and run (design.md section 3)."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping
from typing import Any

from guestwright.jobs.model import GuestProcessing, Job
from guestwright.planning.model import Plan
from guestwright.rendering.playbooks import render_playbooks

OVERLAY = "inventory/99_guestwright.json"
COLLECTION = "project/collections/ansible_collections/guestwright/components"
GUEST_GROUP = "guestwright_guests"


def render_project(
    plan: Plan, inventory: Mapping[str, bytes], collection: Mapping[str, bytes], session: str | None = None
) -> dict[str, bytes]:
    """Return the files of an ansible-runner private data dir: the same input gives the same bytes.

    Nothing that the job says is evaluated by Ansible but the session commands, which the schema marks as expressions:
    every other value goes into JSON files that the actions read and that nothing templates.

    Args:
        plan: the decisions for every guest.
        inventory: the given inventory sources by their path below `inventory/`, as they are: vaulted values stay
            encrypted.
        collection: the files of the collection, by their path in it.
        session: names the session on the guests; the job's name where it is not given.

    Returns:
        the content of every file by its path, sorted by path.
    """
    profiles = _profiles(plan)
    files: dict[str, bytes] = {
        f"project/profiles/{name}.json": _json(_profile(plan.job, settings)) for settings, name in profiles.items()
    }
    files |= {
        f"project/{name}": text.encode() for name, text in render_playbooks(plan, session or plan.job.name).items()
    }
    files |= {f"inventory/{name}": content for name, content in inventory.items()}
    files |= {f"{COLLECTION}/{name}": content for name, content in collection.items()}
    files[OVERLAY] = _json(_overlay(plan, profiles))
    files["env/settings"] = _json({"pexpect_timeout": 1, "suppress_ansible_output": True})
    return dict(sorted(files.items()))


def _profiles(plan: Plan) -> dict[GuestProcessing, str]:
    """Name every distinct set of settings: `default`, then `variant_1`, ... in the order of the guests."""
    profiles: dict[GuestProcessing, str] = {}
    previous: GuestProcessing | None = None
    for guest in plan.guests:
        settings = guest.settings
        if settings is previous or settings in profiles:
            continue
        previous = settings
        variants = len(profiles) - (plan.job.guest_processing in profiles)
        profiles[settings] = "default" if settings == plan.job.guest_processing else f"variant_{variants + 1}"
    return profiles


def _profile(job: Job, settings: GuestProcessing) -> dict[str, Any]:
    """Return what the actions have to know of a guest's settings; durations are whole seconds."""
    return {
        "job": job.name,
        "guest_processing": dataclasses.asdict(settings),
        "required_components": settings.required_components,
        "components": dataclasses.asdict(job.components),
        "network": dataclasses.asdict(job.network),
        "session": {"consistency_group": job.session.consistency_group, "parallel": job.session.parallel},
    }


def _overlay(plan: Plan, profiles: Mapping[GuestProcessing, str]) -> dict[str, Any]:
    """Return the inventory that lays the plan over the given one: a group of the guests, and their `guestwright_*`."""
    names: dict[int, str] = {}
    hosts: dict[str, dict[str, str]] = {}
    for guest in plan.guests:
        settings = guest.settings
        name = names.get(id(settings)) or names.setdefault(id(settings), profiles[settings])
        hosts[guest.name] = {
            "guestwright_application_processing": settings.application_processing,
            "guestwright_deployer": guest.deployer or "",
            "guestwright_profile": name,
        }
    return {GUEST_GROUP: {"hosts": hosts}}


def _json(value: object) -> bytes:
    return (json.dumps(value, indent=1, sort_keys=True) + "\n").encode()

"""The project that looks for orphans on hosts: one playbook, no job."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

from guestwright.rendering.playbooks import render_orphans_playbook
from guestwright.rendering.project import COLLECTION, GUEST_GROUP, OVERLAY


def render_orphans(
    hosts: Sequence[str],
    inventory: Mapping[str, bytes],
    collection: Mapping[str, bytes],
    *,
    server: str,
    live: Sequence[str],
    all_servers: bool,
) -> dict[str, bytes]:
    """Return the files of a private data dir whose playbook `orphans.yml` removes what no live run owns.

    Args:
        hosts: where to look.
        inventory: the given inventory sources, by their path below `inventory/`.
        collection: the collection's files, by their path in it.
        server: the name of this backup server, as its deployments carry it.
        live: its runs that are alive.
        all_servers: remove what other backup servers have deployed, too.
    """
    overlay: dict[str, dict[str, dict[str, dict[str, str]]]] = {GUEST_GROUP: {"hosts": {host: {} for host in hosts}}}
    files = {
        "project/orphans.yml": render_orphans_playbook(server, live, all_servers=all_servers).encode(),
        OVERLAY: json.dumps(overlay, indent=1).encode(),
        **{f"inventory/{name}": content for name, content in inventory.items()},
        **{f"{COLLECTION}/{name}": content for name, content in collection.items()},
    }
    return dict(sorted(files.items()))

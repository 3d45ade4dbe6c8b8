from __future__ import annotations

import json

import yaml
from guestwright.rendering.orphans import render_orphans


def test_the_playbook_names_the_server_and_its_live_runs() -> None:
    files = render_orphans(
        ["web-1", "web-2"],
        {"01_hosts.yml": b"x"},
        {"galaxy.yml": b"y"},
        server="backup",
        live=["r1"],
        all_servers=False,
    )
    (play,) = yaml.safe_load(files["project/orphans.yml"])
    assert play["tasks"][0]["guestwright.components.orphans"] == {
        "owner": {"server": "backup"},
        "all_owners": False,
        "live": ["r1"],
        "remove": True,
    }
    overlay = json.loads(files["inventory/99_guestwright.json"])
    assert list(overlay["guestwright_guests"]["hosts"]) == ["web-1", "web-2"]
    assert files["inventory/01_hosts.yml"] == b"x"

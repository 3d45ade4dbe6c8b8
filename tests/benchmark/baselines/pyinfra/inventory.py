"""The lab's guests for pyinfra, with their pinned host keys."""

import json
import os
from pathlib import Path

_SETTINGS = json.loads(Path(os.environ["BENCHMARK_SETTINGS"]).read_text())

guests = [
    (
        name,
        {
            "ssh_hostname": address,
            "ssh_user": "root",
            "ssh_key": _SETTINGS["login_key"],
            "ssh_known_hosts_file": _SETTINGS["known_hosts"],
            "ssh_strict_host_key_checking": "yes",
            "ssh_allow_agent": False,
            "ssh_look_for_keys": False,
            "payload": _SETTINGS["payload"],
        },
    )
    for name, address in _SETTINGS["guests"].items()
]

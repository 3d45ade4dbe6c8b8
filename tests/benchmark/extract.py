"""A program that writes what the baselines deploy: the very bytes that the product would, from its own builder.

Usage: extract.py FOLDER SESSION. The collection is the one that Python imports: PYTHONPATH chooses a staged one.
"""

from __future__ import annotations

import hashlib
import json
import sys
from pathlib import Path

from ansible_collections.guestwright.components.plugins.plugin_utils import bundle, guest_program


def main() -> int:
    """Write `guestwright.pyz`, the helper's `session.json`, and `status.request` for standard input."""
    folder, session = Path(sys.argv[1]), sys.argv[2]
    zipapp = bundle.zipapp()
    build = hashlib.sha256(zipapp).hexdigest()
    settings = {
        "build": build,
        "version": "benchmark",
        "owner": {"server": "benchmark", "job": session},
        "time_to_live": 7200.0,
        "homes": ["/root"],
    }
    request = {"protocol": 1, "session": session, "operation": "status", "verb": "status", "arguments": {}}
    (folder / "guestwright.pyz").write_bytes(zipapp)
    (folder / "session.json").write_text(json.dumps(settings) + "\n")
    (folder / "status.request").write_bytes(guest_program.deployed(request).stdin)
    return 0


if __name__ == "__main__":
    sys.exit(main())

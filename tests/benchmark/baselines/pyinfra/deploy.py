"""Deploys the Guest Helper with pyinfra's operations."""

import shlex
from pathlib import Path

from pyinfra import host
from pyinfra.operations import files, server

FOLDER = "/run/guestwright/bench"
PROGRAM = f"/usr/bin/python3 -E -s -S -B {FOLDER}/guestwright.pyz guestwright-guest bench"
PAYLOAD = host.data.payload
REQUEST = Path(PAYLOAD, "status.request").read_text()

server.shell(name="Refuse persistent components", commands=["test ! -e /var/lib/guestwright/components.json"])
for path in ("/run/guestwright", FOLDER):
    files.directory(name=f"Make {path}", path=path, user="root", group="root", mode="700")
files.put(
    name="Copy the components",
    src=f"{PAYLOAD}/guestwright.pyz",
    dest=f"{FOLDER}/guestwright.pyz",
    user="root",
    group="root",
    mode="600",
)
files.put(
    name="Write the settings",
    src=f"{PAYLOAD}/session.json",
    dest=f"{FOLDER}/session.json",
    user="root",
    group="root",
    mode="600",
)
server.shell(
    name="Start the Guest Helper, wait for its socket, ask for its status",
    commands=[
        f"[ -S {FOLDER}/helper.sock ] || setsid {PROGRAM} helper </dev/null >/dev/null 2>&1 &",
        f"n=0; until [ -S {FOLDER}/helper.sock ]; do n=$((n+1)); [ $n -lt 300 ] || exit 1; sleep 0.05; done",
        f"printf %s {shlex.quote(REQUEST)} | {PROGRAM} status status | grep -q '\"ok\":true'",
    ],
)

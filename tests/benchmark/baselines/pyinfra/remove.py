"""Ends the Guest Helper, removes it and proves that nothing is left, with pyinfra's operations."""

from pyinfra.operations import files, server

FOLDER = "/run/guestwright/bench"
RUNNING = "pgrep -f 'guestwright-guest benc[h] ' >/dev/null"

server.shell(
    name="End the Guest Helper",
    commands=[
        "pkill -TERM -f 'guestwright-guest benc[h] helper' || [ $? = 1 ]",
        f"n=0; while {RUNNING}; do n=$((n+1)); [ $n -lt 300 ] || exit 1; sleep 0.05; done",
    ],
)
files.directory(name="Remove its folder", path=FOLDER, present=False)
server.shell(
    name="Remove the folder above and prove that nothing is left",
    commands=[
        "[ ! -e /run/guestwright ] || rmdir --ignore-fail-on-non-empty /run/guestwright",
        f"test ! -e {FOLDER}",
        f"! {RUNNING}",
    ],
)

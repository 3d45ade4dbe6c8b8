"""Ends the Guest Helper, removes it and proves that nothing is left, with pyinfra's operations."""

from pyinfra.operations import files, server

FOLDER = "/run/guestwright/bench"
PLACES = "/run /tmp /var/tmp /dev/shm /var/lib /opt /etc /usr/local /root"
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
        f"test -z \"$(find {PLACES} -maxdepth 2 -name 'guestwright*')\"",
        "! grep -q /run/guestwright /proc/net/unix",
        "! grep -rqs guestwright /etc/crontab /etc/cron.d /etc/cron.hourly /etc/cron.daily /var/spool/cron",
        "! grep -q ^guestwright /etc/passwd /etc/group",
        "! nft list ruleset | grep -q guestwright",
    ],
)

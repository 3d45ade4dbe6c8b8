"""Which file systems are chosen, in which order, and why others are refused."""

from __future__ import annotations

import pytest
from ansible_collections.guestwright.components.plugins.module_utils.components import mounts

INFO = r"""20 1 254:0 / / rw,relatime - ext4 /dev/vda rw
21 20 0:5 / /proc rw - proc proc rw
22 20 7:0 / /srv rw,noatime shared:1 - ext4 /dev/loop0 rw
23 22 7:1 / /srv/deep/er rw - xfs /dev/loop1 rw
24 20 7:0 /sub /mnt/bind\040of\040srv rw - ext4 /dev/loop0 rw
25 20 7:2 / /var/log rw - ext4 /dev/loop2 rw
26 20 0:30 / /net rw - nfs4 server:/x rw
27 20 0:31 / /over rw - overlay overlay rw
28 20 7:3 / /home rw - ext4 /dev/loop3 rw
29 20 7:4 / /data rw - ext4 /dev/loop4 rw
30 20 7:5 / /data rw - xfs /dev/loop5 rw
31 20 0:32 / /fuse rw - fuse.sshfs x rw
"""
PROTECTED = {"/": "the root", "/var/log": "the logs", "/home/someone": "a home"}
MOUNTS = mounts.parse_mountinfo(INFO)


def choose(*requested: str) -> tuple[list[str], list[str]]:
    chosen, refused = mounts.choose(requested, MOUNTS, PROTECTED, resolve=lambda path: path.rstrip("/") or "/")
    return [mount.path for mount in chosen], [refusal.message for refusal in refused]


def test_reads_escaped_names_and_optional_fields() -> None:
    assert mounts.Mount("/mnt/bind of srv", "7:0", "ext4", "/dev/loop0") in MOUNTS
    assert len(MOUNTS) == 12


@pytest.mark.parametrize(
    ("requested", "chosen"),
    [
        (["/srv", "/srv/deep/er"], ["/srv/deep/er", "/srv"]),
        (["/srv/deep/er", "/srv"], ["/srv/deep/er", "/srv"]),
        (["/srv", "/srv/", "/srv"], ["/srv"]),
        (["/srv", "/mnt/bind of srv"], ["/mnt/bind of srv"]),
        (["/data"], ["/data"]),
        ([], []),
    ],
)
def test_deepest_first_each_device_once(requested: list[str], chosen: list[str]) -> None:
    assert choose(*requested) == (chosen, [])


def test_the_mount_on_top_counts() -> None:
    chosen, _ = mounts.choose(["/data"], MOUNTS, {}, resolve=lambda path: path)
    assert chosen[0].device == "7:5"


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("/", "/ is not frozen: the root"),
        ("/var/log", "/var/log is not frozen: the logs"),
        ("/home", "/home is not frozen: a home"),
        ("/proc", "/proc is not frozen: a file system of type proc cannot be"),
        ("/net", "/net is not frozen: a file system of type nfs4 cannot be"),
        ("/over", "/over is not frozen: a file system of type overlay cannot be"),
        ("/fuse", "/fuse is not frozen: a file system of type fuse.sshfs cannot be"),
        ("/srv/inside", "/srv/inside is not a mount point; it lies on /srv"),
        ("/srvx", "/srvx is not a mount point; it lies on /"),
        ("srv", "'srv' is not an absolute path"),
    ],
)
def test_refuses_with_the_reason(path: str, reason: str) -> None:
    assert choose("/srv", path) == (["/srv"], [reason])

"""A session of its own for each test, and file systems of its own to freeze; nothing stays frozen or running."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from guest_programs import Guest, loop_mount, thaw


@pytest.fixture(scope="session")
def disks(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[str]]:
    """An ext4 and an xfs file system, for all tests."""
    folder = tmp_path_factory.mktemp("disks")
    with (
        loop_mount(str(folder / "ext4.img"), str(folder / "ext4"), "ext4") as ext4,
        loop_mount(str(folder / "xfs.img"), str(folder / "xfs"), "xfs") as xfs,
    ):
        yield [ext4, xfs]


@pytest.fixture
def mounts(disks: list[str]) -> Iterator[list[str]]:
    """The file systems, thawed after each test."""
    yield disks
    for mount in disks:
        thaw(mount)


@pytest.fixture
def guest(request: pytest.FixtureRequest) -> Iterator[Guest]:
    """A session that is released after the test, whatever it did."""
    name = "".join(character if character.isalnum() else "-" for character in request.node.name.lower())
    guest = Guest(f"t{os.getpid()}-{name}"[:60])
    yield guest
    guest.ask("release")


@pytest.fixture
def script(request: pytest.FixtureRequest) -> Iterator[Callable[..., str]]:
    """Make script files where only root can write: below /root, never below a folder that all can write to."""
    folder = Path(f"/var/lib/gw-test-{os.getpid()}")
    folder.mkdir(mode=0o755)

    def make(name: str, *lines: str, mode: int = 0o755) -> str:
        path = folder / name
        path.write_text("\n".join(["#!/bin/sh", *lines, ""]))
        path.chmod(mode)
        return str(path)

    yield make
    subprocess.run(["rm", "-rf", str(folder)], check=True)
    del request

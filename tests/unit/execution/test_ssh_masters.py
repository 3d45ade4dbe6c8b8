from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from guestwright.execution.processes import stop_ssh_masters

WAITING = "import sys; print(flush=True); sys.stdin.read()"


def start(title: str) -> subprocess.Popen[bytes]:
    process = subprocess.Popen(
        [title, "-c", WAITING], executable=sys.executable, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert process.stdout is not None
    process.stdout.readline()
    return process


def test_only_the_masters_of_a_folder_are_ended(tmp_path: Path) -> None:
    ours = start(f"ssh: {tmp_path}/ours/0123456789 [mux]")
    others = start(f"ssh: {tmp_path}/others/0123456789 [mux]")
    try:
        stop_ssh_masters(f"{tmp_path}/ours")
        assert ours.wait(5) != 0
        assert others.poll() is None
    finally:
        others.kill()
        for process in (ours, others):
            process.communicate()

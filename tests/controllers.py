"""Runs of the real command in a lab: a job as text in, a result document out."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import yaml
from labs import TestLab

GUESTWRIGHT = (sys.executable, "-m", "guestwright.cli.main")


@dataclass
class Controller:
    """The backup server of a lab, with a state folder of its own for ledger and runs.

    Attributes:
        lab: the lab whose backup server it is.
        folder: where jobs, reports and what commands leave are written.
    """

    lab: TestLab
    folder: Path
    environment: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.environment = {**os.environ, "GUESTWRIGHT_STATE_DIR": str(self.folder / "state")}

    def job(self, **settings: Any) -> Path:
        """Write a job on all guests of the lab; keyword arguments are its top level keys."""
        document = {
            "api_version": "guestwright/v1",
            "kind": "backup_job",
            "name": "nightly",
            "guests": [{"hosts": "linux"}],
            **settings,
        }
        path = self.folder / "job.yml"
        path.write_text(yaml.safe_dump(document, sort_keys=False))
        return path

    def guestwright(self, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
        """Run a command of ours on the backup server to its end."""
        command = (*GUESTWRIGHT, *map(str, arguments))
        return self.lab.exec(*command, check=False, env=self.environment, cwd=self.folder)

    def run(self, job: Path, *arguments: str) -> tuple[int, dict[str, Any]]:
        """Run a job and return the exit code and the result document."""
        done = self.guestwright("run", job, "-i", self.lab.inventory, "--format", "json", *arguments)
        assert done.stdout, done.stderr
        return done.returncode, json.loads(done.stdout)

    def start(self, job: Path, *arguments: str) -> subprocess.Popen[str]:
        """Start a run, and leave its lines on standard error to be read."""
        command = (*GUESTWRIGHT, "run", str(job), "-i", str(self.lab.inventory), "--format", "json", *arguments)
        return self.lab.popen(
            *command, env=self.environment, cwd=self.folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )

    def assert_clean(self) -> None:
        """Fail unless every guest is free of ours, and every file system of it can be written."""
        for guest in self.lab.guests:
            found = self.lab.in_guest(
                guest,
                "sh",
                "-c",
                "find /run /tmp /var/tmp /etc /var/lib -name '*guestwright*'; pgrep -fa guestwright || :",
            ).stdout
            ours = [line for line in found.splitlines() if "pgrep" not in line and "find /run" not in line]
            assert ours == [], guest
            self.lab.in_guest(guest, "timeout", "5", "sh", "-c", "echo written > /srv/probe && sync /srv/probe")


def wait_for_file(process: subprocess.Popen[str], path: Path) -> None:
    """Wait until a file exists; fails when the process ends before, or after a minute."""
    deadline = 600
    for _ in range(deadline):
        if path.exists():
            return
        try:
            process.wait(0.1)
        except subprocess.TimeoutExpired:
            continue
        pytest.fail(f"the run ended with {process.returncode} before {path.name} was there")
    pytest.fail(f"{path.name} was never there")

"""The words of ``guestwright lab``."""

from __future__ import annotations

import argparse

import pytest
from guestwright.cli.lab import add_parser, as_text
from guestwright.errors import UsageError
from guestwright.lab.state import Lab
from guestwright.lab.status import limits


def read(*words: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    add_parser(parser.add_subparsers(required=True))
    return parser.parse_args(["lab", *words])


def test_defaults_of_up() -> None:
    found = read("up", "--linux", "3")
    assert (found.name, found.linux, found.systemd, found.file_system, found.login) == ("lab", 3, False, None, "root")


@pytest.mark.parametrize(
    ("words", "command"),
    [
        (("exec", "--", "ls", "-l", "--name", "x"), ["--", "ls", "-l", "--name", "x"]),
        (("exec", "--name", "one", "--guest", "linux-001", "--", "ls"), ["--", "ls"]),
        (("exec", "ls", "-l"), ["ls", "-l"]),
    ],
)
def test_a_command_keeps_its_own_options(words: tuple[str, ...], command: list[str]) -> None:
    assert read(*words).command == command


@pytest.mark.parametrize(
    "words",
    [("up", "--linux", "0"), ("up", "--linux", "1000"), ("up", "--linux", "1", "--name", "../x"), ("exec", "--")],
)
def test_wrong_words_are_refused_before_anything_is_made(words: tuple[str, ...]) -> None:
    arguments = read(*words)
    with pytest.raises(UsageError):
        arguments.handler(arguments)


@pytest.mark.parametrize(
    ("lab", "said", "unsaid"),
    [
        (Lab("one", 0), "systemd", "processor time"),
        (Lab("one", 0), "nothing can be frozen", "belong to nobody"),
        (Lab("one", 0, rootless=True), "belong to nobody", "nothing can be frozen"),
        (Lab("one", 0, systemd=True), "kernel", "services and timers"),
    ],
)
def test_limits_say_what_a_lab_cannot_show(lab: Lab, said: str, unsaid: str) -> None:
    text = "\n".join(limits(lab))
    assert said in text
    assert unsaid not in text


def test_status_text_names_guests_faults_and_limits() -> None:
    guest = {"address": "10.100.1.2", "running": True, "answers": False, "faults": {"down": True, "loss": 30.0}}
    ended = {"address": "10.100.1.3", "running": False, "answers": False, "faults": {}}
    text = as_text(
        {
            "name": "one",
            "network": "10.100.0.0/16",
            "inventory": "/labs/one/inventory.yml",
            "guests": {"linux-001": guest, "linux-002": ended},
            "limits": ["no kernel"],
        }
    )
    lines = text.splitlines()
    assert "/labs/one/inventory.yml" in lines[0]
    assert lines[1].endswith("does not answer  (down, loss 30)")
    assert lines[2].endswith("has ended")
    assert lines[3] == "limit: no kernel"

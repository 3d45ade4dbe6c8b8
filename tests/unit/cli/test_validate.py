"""`guestwright validate` and `guestwright schema`: what they print where, and their exit codes."""

from __future__ import annotations

import io
import json
import os
from collections.abc import Sequence
from pathlib import Path

import pytest
from guestwright.cli.main import main
from guestwright.errors import InventoryError
from guestwright.execution import inventory as inventory_reader
from guestwright.planning.model import Host, Inventory
from guestwright.schemas import NAMES, schema_text

GOOD = "api_version: guestwright/v1\nkind: backup_job\nname: nightly\nguests:\n  - hosts: web\n"
BAD = "api_version: guestwright/v1\nkind: backup_job\nname: Nightly\nguests:\n  - host: web\n"


@pytest.fixture(autouse=True)
def _in_a_folder_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("good.yml").write_text(GOOD)
    Path("bad.yml").write_text(BAD)


def test_a_valid_job(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["validate", "good.yml"]) == 0
    assert capsys.readouterr() == ("", "1 file: valid\n")


def test_every_problem_of_every_file_is_told_and_the_exit_code_is_3(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["validate", "good.yml", "bad.yml", "missing.yml", "."]) == 3
    out, err = capsys.readouterr()
    assert [line.split(" ")[0] for line in out.splitlines()] == [
        ".:1:1:",
        "bad.yml:3:7:",
        "bad.yml:5:5:",
        "bad.yml:5:5:",
        "missing.yml:1:1:",
    ]
    assert err == "4 files: 3 refused, 5 errors\n"


def test_warnings_refuse_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    Path("later.yml").write_text(GOOD + "components: {installer_service: push}\n")
    assert main(["validate", "later.yml"]) == 0
    out, err = capsys.readouterr()
    assert out.startswith("later.yml:6:33: warning: `components.installer_service: push` is not carried out")
    assert err == "1 file: valid, 1 warning\n"


def test_standard_input(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(BAD.encode())))
    assert main(["validate", "-"]) == 3
    assert capsys.readouterr().out.startswith("-:3:7: `name` must be")


def test_a_pipe_is_refused_without_waiting_for_it(capsys: pytest.CaptureFixture[str]) -> None:
    os.mkfifo("pipe.yml")
    assert main(["validate", "pipe.yml"]) == 3
    assert capsys.readouterr().out == "pipe.yml:1:1: it is not a regular file (use - to read standard input)\n"


@pytest.mark.parametrize(
    ("error", "message"),
    [
        (PermissionError(13, "Permission denied"), "it may not be read (check its permissions)"),
        (OSError(5, "Input/output error"), "it cannot be read: Input/output error"),
    ],
)
def test_a_file_that_cannot_be_read(
    error: OSError, message: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise error

    monkeypatch.setattr(Path, "open", refuse)
    assert main(["validate", "good.yml"]) == 3
    assert capsys.readouterr().out == f"good.yml:1:1: {message}\n"


def test_a_path_that_cannot_be(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["validate", "a\0b", "x" * 5000]) == 3
    assert len(capsys.readouterr().out.splitlines()) == 2


def test_formats_for_programs_are_whole_documents(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["validate", "--format", "json", "good.yml", "bad.yml"]) == 3
    document = json.loads(capsys.readouterr().out)
    assert [(each["file"], each["line"], each["rule"]) for each in document["problems"]] == [
        ("bad.yml", 3, "pattern"),
        ("bad.yml", 5, "missing_key"),
        ("bad.yml", 5, "unknown_key"),
    ]
    assert main(["validate", "--format", "sarif", "bad.yml"]) == 3
    assert json.loads(capsys.readouterr().out)["version"] == "2.1.0"
    assert main(["validate", "--format", "github", "bad.yml"]) == 3
    assert capsys.readouterr().out.startswith("::error file=bad.yml,line=3,col=7::`name` must be")


def test_with_an_inventory_patterns_are_checked(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[tuple[Sequence[str], Sequence[str]]] = []

    def read_inventory(sources: Sequence[str], patterns: Sequence[str]) -> Inventory:
        asked.append((sources, patterns))
        return Inventory({"sql": Host("sql")}, dict.fromkeys(patterns, ()))

    monkeypatch.setattr(inventory_reader, "read_inventory", read_inventory)
    assert main(["validate", "good.yml", "bad.yml", "-i", "one", "-i", "two"]) == 3
    out, err = capsys.readouterr()
    assert asked == [(["one", "two"], ["web"])]
    assert "good.yml:5:12: 'web' matches no host of the inventory" in out
    assert err == "2 files: 2 refused, 4 errors\n"


def test_an_inventory_that_cannot_be_read_does_not_hide_the_jobs_own_problems(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def read_inventory(*_: object) -> Inventory:
        raise InventoryError("there is no inventory", "make one")

    monkeypatch.setattr(inventory_reader, "read_inventory", read_inventory)
    assert main(["validate", "good.yml", "bad.yml", "-i", "nowhere"]) == 3
    out, err = capsys.readouterr()
    assert out.startswith("bad.yml:3:7:")
    assert err.endswith("there is no inventory (make one)\n")


@pytest.mark.parametrize("name", NAMES)
def test_schema_prints_the_schema_as_it_is(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["schema", name]) == 0
    assert capsys.readouterr() == (schema_text(name), "")


def test_schema_prints_a_page(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["schema", "--format", "markdown"]) == 0
    assert capsys.readouterr().out.startswith("# A backup job\n")


@pytest.mark.parametrize("arguments", [["validate"], ["validate", "a", "--format", "xml"], ["schema", "jobs"]])
def test_wrong_usage_exits_with_64(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main(arguments)
    assert caught.value.code == 64
    assert "usage: guestwright" in capsys.readouterr().err

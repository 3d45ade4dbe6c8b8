from __future__ import annotations

import datetime
import json
import re
import stat
from pathlib import Path

import pytest
from guestwright.errors import UsageError
from guestwright.execution.workspace import (
    STATE_OVERLAY,
    create_workspace,
    new_run_id,
    state_folder,
    workspace_of,
    write_project,
)

NOW = datetime.datetime(2026, 3, 4, 5, 6, 7, tzinfo=datetime.UTC)


def test_everything_in_a_workspace_is_private(tmp_path: Path) -> None:
    files = {"inventory/list.py": b"#!/usr/bin/python3\n", "project/x/site.yml": b"---\n"}
    workspace = create_workspace(new_run_id(NOW), tmp_path, files)
    try:
        modes = {path: stat.S_IMODE(path.stat().st_mode) for path in workspace.folder.rglob("*")}
        assert {mode for path, mode in modes.items() if path.is_dir()} == {0o700}
        assert modes[workspace.folder / "project/x/site.yml"] == 0o600
        assert modes[workspace.folder / "inventory/list.py"] == 0o700
        assert stat.S_IMODE(workspace.scratch.stat().st_mode) == 0o700
        assert workspace_of(workspace.run_id, workspace.folder) == workspace
    finally:
        workspace.remove()
    assert not workspace.folder.exists()
    assert not workspace.scratch.exists()


def test_run_ids_are_fit_for_guests_and_differ() -> None:
    first, second = new_run_id(NOW), new_run_id(NOW)
    assert re.fullmatch(r"20260304t050607-[0-9a-f]{8}", first)
    assert re.fullmatch(r"[a-z0-9][a-z0-9_.-]{0,62}", first)
    assert first != second


def test_a_folder_that_holds_something_is_refused_and_left_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "mine").write_text("mine")
    with pytest.raises(UsageError, match="not an empty folder"):
        write_project(tmp_path, {"project/site.yml": b"---\n"})
    assert [path.name for path in tmp_path.iterdir()] == ["mine"]


def test_unprepared_guests_are_told_to_the_session(tmp_path: Path) -> None:
    workspace = create_workspace(new_run_id(NOW), tmp_path, {"inventory/x": b""})
    try:
        workspace.mark_unprepared(["a"])
        overlay = json.loads((workspace.folder / STATE_OVERLAY).read_text())
        assert overlay == {"guestwright_guests": {"hosts": {"a": {"guestwright_prepared": False}}}}
        assert workspace.limit_file("session", ["a", "b"]).read_text() == "a\nb\n"
    finally:
        workspace.remove()


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ({"GUESTWRIGHT_STATE_DIR": "/a", "XDG_STATE_HOME": "/b"}, Path("/a")),
        ({"XDG_STATE_HOME": "/b"}, Path("/b/guestwright")),
        ({}, Path.home() / ".local/state/guestwright"),
    ],
)
def test_where_the_state_is_kept(environment: dict[str, str], expected: Path) -> None:
    assert state_folder(environment) == expected

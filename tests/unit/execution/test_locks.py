from __future__ import annotations

import threading
from pathlib import Path

import pytest
from guestwright.errors import GuestwrightError
from guestwright.execution.locks import beginning, cleaning


def test_runs_begin_side_by_side_and_a_cleanup_waits_for_them(tmp_path: Path) -> None:
    waited: list[str] = []
    cleaned = threading.Event()

    def clean() -> None:
        with cleaning(tmp_path, waited.append):
            cleaned.set()

    thread = threading.Thread(target=clean)
    with beginning(tmp_path, pytest.fail), beginning(tmp_path, pytest.fail):
        thread.start()
        while not waited:
            thread.join(0.01)
        assert not cleaned.is_set()
    thread.join(10)
    assert cleaned.is_set()
    assert waited == ["waiting for a cleanup to end"]


def test_a_state_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(GuestwrightError, match="state folder"), cleaning(tmp_path / "file/state", pytest.fail):
        pass

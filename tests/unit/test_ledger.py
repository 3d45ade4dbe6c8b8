from __future__ import annotations

import stat
from collections.abc import Iterator
from pathlib import Path

import pytest
from guestwright.errors import GuestwrightError
from guestwright.ledger import Ledger, LedgerRun, open_ledger


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    with open_ledger(tmp_path / "state/ledger.sqlite3") as opened:
        yield opened


def entry(run_id: str, started: str = "2026-01-01T00:00:00+00:00") -> LedgerRun:
    return LedgerRun(run_id, "nightly", started, f"/runs/{run_id}", 4711, "boot/1")


def test_a_run_is_unfinished_until_every_guest_is_released(ledger: Ledger) -> None:
    ledger.begin(entry("r1"))
    ledger.plan("r1", ["a", "b"])
    ledger.mark("r1", ["a"], "released")
    ledger.mark("r1", ["b"], "left")
    ledger.finish("r1")
    assert ledger.pending("r1") == ("b",)
    assert [run.run_id for run in ledger.unfinished()] == ["r1"]

    ledger.mark("r1", ["b"], "released")
    ledger.finish("r1")
    assert ledger.unfinished() == ()


def test_a_released_guest_stays_released(ledger: Ledger) -> None:
    ledger.begin(entry("r1"))
    ledger.plan("r1", ["a"])
    ledger.mark("r1", ["a"], "released")
    ledger.mark("r1", ["a"], "left")
    assert ledger.pending("r1") == ()


def test_a_run_without_guests_is_unfinished_while_it_runs(ledger: Ledger) -> None:
    ledger.begin(entry("r1"))
    ledger.plan("r1", [])
    assert [run.run_id for run in ledger.unfinished()] == ["r1"]
    ledger.finish("r1")
    assert ledger.unfinished() == ()


def test_the_oldest_unfinished_run_comes_first(ledger: Ledger) -> None:
    ledger.begin(entry("late", "2026-01-02T00:00:00+00:00"))
    ledger.plan("late", ["a"])
    ledger.begin(entry("early", "2026-01-01T00:00:00+00:00"))
    ledger.plan("early", ["a"])
    assert [run.run_id for run in ledger.unfinished()] == ["early", "late"]


def test_a_buried_run_stays_unfinished_until_its_guests_are_released(ledger: Ledger) -> None:
    ledger.begin(entry("r1"))
    ledger.plan("r1", ["a"])
    ledger.bury("r1")
    (buried,) = ledger.unfinished()
    assert buried.state == "tombstone"
    ledger.mark("r1", ["a"], "released")
    assert ledger.unfinished() == ()


def test_what_was_written_is_there_after_reopening_and_nobody_else_may_read_it(tmp_path: Path) -> None:
    path = tmp_path / "state/ledger.sqlite3"
    with open_ledger(path) as first:
        first.begin(entry("r1"))
        first.plan("r1", ["a"])
    with open_ledger(path) as second:
        assert second.unfinished() == (entry("r1"),)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_a_damaged_ledger_is_refused_with_its_path(tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite3"
    path.write_bytes(b"no database" * 100)
    with pytest.raises(GuestwrightError, match=r"ledger\.sqlite3 cannot be used"), open_ledger(path):
        pass

"""Words, figures, advice, summaries and progress lines."""

from __future__ import annotations

import dataclasses

import pytest
from guestwright.exit_codes import ExitCode
from guestwright.reports.advice import ADVICE, EXIT_CODE_MEANINGS, GENERIC, advice_for
from guestwright.reports.console import progress_line
from guestwright.reports.summary import (
    PHASES,
    leftover_words,
    leftovers_sentence,
    method_and_route,
    ordered_phases,
    summarise,
)
from guestwright.reports.words import count, duration, listed, moment, one_line, printable
from guestwright.results.model import GuestResult, Leftover, Result


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [(0, "0.00 s"), (0.044, "0.04 s"), (9.994, "9.99 s"), (9.996, "10.0 s"), (99.94, "99.9 s"), (99.96, "1 min 40 s"),
     (245.5, "4 min 06 s"), (3599.6, "1 h 00 min"), (11220, "3 h 07 min")],
)  # fmt: skip
def test_duration_is_shown_as_people_read_it(seconds: float, shown: str) -> None:
    assert duration(seconds) == shown


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ("2026-03-01T01:00:00Z", "2026-03-01 01:00:00 UTC"),
        ("2026-03-01T02:00:00.75+01:00", "2026-03-01 01:00:00 UTC"),
        ("2026-03-01T01:00:00", "2026-03-01T01:00:00"),
        ("yesterday\n", "yesterday"),
    ],
)
def test_moment_is_utc_or_the_text_itself(given: str, shown: str) -> None:
    assert moment(given) == shown


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ("tab\tand\nline", "tab\tand\nline"),
        ("a\r\nb\rc", "a\nb\nc"),
        ("\x1b[31mred", "\ufffd[31mred"),
        ("\u202egnp.exe", "\ufffdgnp.exe"),
        ("lone \ud800", "lone \ufffd"),
        ("größe 日本", "größe 日本"),
    ],
)
def test_printable_takes_only_what_is_harmful(given: str, shown: str) -> None:
    assert printable(given) == shown


def test_one_line_joins_lines() -> None:
    assert one_line(" a \n b\t\x00c ") == "a b \ufffdc"


@pytest.mark.parametrize(("number", "words"), [(0, "0 guests"), (1, "1 guest"), (2, "2 guests")])
def test_count(number: int, words: str) -> None:
    assert count(number, "guest") == words


def test_listed_counts_what_it_does_not_name() -> None:
    assert listed(["a", "b", "c"], 2) == "a, b and 1 more"
    assert listed(["a", "b"], 2) == "a, b"


def test_every_advice_is_sentences_for_a_known_phase() -> None:
    for code, advice in ADVICE.items():
        assert advice.phase in ("", *PHASES), code
        assert advice.next_step.endswith(".") or advice.next_step.endswith(")."), code
        assert advice.next_step.count("`") % 2 == 0, code


def test_unknown_code_gets_the_general_advice() -> None:
    assert advice_for("never_heard_of") is GENERIC


def test_every_exit_code_has_a_meaning() -> None:
    assert set(EXIT_CODE_MEANINGS) == set(ExitCode)


@pytest.mark.parametrize(
    ("exit_code", "statuses", "outcome"),
    [
        (ExitCode.SUCCESS, ["success"], "Success"),
        (ExitCode.SUCCESS, ["success", "degraded"], "Degraded"),
        (ExitCode.DEGRADED, ["degraded"], "Degraded"),
        (ExitCode.GUEST_FAILED, ["failed", "success"], "Failed"),
        (ExitCode.INTERNAL_ERROR, ["success"], "Failed"),
        (ExitCode.INTERRUPTED, ["skipped"], "Interrupted"),
        (ExitCode.CHANGES_PENDING, ["success"], "Changes pending"),
        (ExitCode.SUCCESS, ["skipped"], "Skipped"),
        (ExitCode.SUCCESS, ["skipped", "success"], "Success"),
    ],
)
def test_outcome_of_a_run(exit_code: ExitCode, statuses: list[str], outcome: str, rich_result: Result) -> None:
    guests = {str(number): GuestResult(str(number), status) for number, status in enumerate(statuses)}  # type: ignore[arg-type]
    result = dataclasses.replace(rich_result, exit_code=exit_code, guests=guests)
    assert summarise(result).outcome == outcome


def test_leftovers_are_found_or_not_ruled_out(rich_result: Result) -> None:
    unasked = GuestResult("g", "failed", leftovers=(Leftover("unproven", "no answer"),))
    assert summarise(rich_result).outcome == "Leftovers found"
    assert summarise(dataclasses.replace(rich_result, guests={"g": unasked})).outcome == "Leftovers not ruled out"


def test_leftovers_are_claimed_only_for_guests_that_were_released(rich_result: Result, check_result: Result) -> None:
    assert leftovers_sentence(rich_result) == "2 leftovers found; 3 of 5 guests checked"
    assert leftovers_sentence(check_result) == "Nothing was deployed"
    nothing = dataclasses.replace(rich_result, guests={"g": GuestResult("g", "failed")})
    assert leftovers_sentence(nothing) == "No leftovers found; 0 of 1 guest checked"
    unasked = GuestResult("g", "failed", phases={"release": 1.0}, leftovers=(Leftover("unproven", "no answer"),))
    nothing = dataclasses.replace(rich_result, guests={"g": unasked})
    assert leftovers_sentence(nothing) == "No leftovers found; 0 of 1 guest checked, 1 could not be asked"


@pytest.mark.parametrize(
    ("leftover", "words"),
    [
        (Leftover("file", "/run/x\ny"), "left on the guest: file /run/x y"),
        (Leftover("unproven", "the guest did not answer"), "not proven: the guest did not answer"),
    ],
)
def test_leftover_says_what_it_is(leftover: Leftover, words: str) -> None:
    assert leftover_words(leftover) == words


def test_phases_stand_in_the_order_in_which_they_run() -> None:
    guest = GuestResult("g", "success", phases={"release": 1, "other": 2, "prepare": 3, "backup": 4})
    assert [phase for phase, _ in ordered_phases(guest)] == ["prepare", "backup", "release", "other"]


@pytest.mark.parametrize(
    ("method", "route", "words"),
    [("runtime", "admin", "runtime over admin"), ("fails", None, ""), (None, None, "")],
)
def test_method_and_route(method: str | None, route: str | None, words: str) -> None:
    assert method_and_route(GuestResult("g", "success", method=method, route=route)) == words


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (
            ("prepare", "linux-012", "prepared", 0.41, 12, 50, "runtime over admin"),
            "[prepare  12/50] linux-012  prepared  0.41 s  runtime over admin",
        ),
        (("session", "g", "done", 75.0, 3, 100, ""), "[session    3/100] g  done      75.0 s"),
        (("release", "g", "failed", None, 1, 1, "link_lost: a\nb"), "[release  1/1] g  failed    link_lost: a b"),
        (("prepare", "g\x1b[2J", "failed", None, 1, 1, ""), "[prepare  1/1] g\ufffd[2J  failed"),
    ],
)
def test_progress_line(arguments: tuple[str, str, str, float | None, int, int, str], line: str) -> None:
    assert progress_line(*arguments) == line


def test_progress_lines_of_a_run_stand_below_each_other() -> None:
    short = progress_line("prepare", "g", "prepared", 1, 1, 10, guest_width=9)
    long = progress_line("release", "linux-001", "released", 1, 10, 10, guest_width=9)
    assert short.index("prepared") == long.index("released")

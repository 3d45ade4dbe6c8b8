from __future__ import annotations

import dataclasses

import pytest
from guestwright.errors import InvalidFileError, InventoryError
from guestwright.jobs.model import GuestProcessing
from guestwright.planning.guests import pattern_problems, select_guests
from planning_inputs import PROXIES, host, inventory, job

SITE = inventory(
    host("web-01", "web"),
    host("web-02", "web"),
    host("sql-01", "sql"),
    host("proxy-01", PROXIES),
    host("backup-01", "backup_server"),
    first_two=("web-02", "web-01"),
    nothing=(),
    none_of_ours=("elsewhere",),
)


def test_guests_are_the_union_of_the_entries_in_their_order() -> None:
    assert list(select_guests(job("sql", "first_two", "web"), SITE)) == ["sql-01", "web-02", "web-01"]


def test_a_later_entry_wins_for_its_guests_and_leaves_their_place() -> None:
    strict = GuestProcessing(application_processing="require_success")
    plain = job("everything", "web-02")
    chosen = dataclasses.replace(
        plain, guests=(plain.guests[0], dataclasses.replace(plain.guests[1], guest_processing=strict))
    )
    guests = select_guests(chosen, SITE)
    assert list(guests) == ["web-01", "web-02", "sql-01"]
    assert [name for name, settings in guests.items() if settings == strict] == ["web-02"]


@pytest.mark.parametrize("pattern", ["everything", "all"])
def test_proxies_and_the_backup_server_are_no_guests_through_a_group(pattern: str) -> None:
    assert set(select_guests(job(pattern), SITE)) == {"web-01", "web-02", "sql-01"}


@pytest.mark.parametrize("name", ["proxy-01", "backup-01"])
def test_a_proxy_or_backup_server_that_is_named_itself_is_a_guest(name: str) -> None:
    assert list(select_guests(job("sql", name), SITE)) == ["sql-01", name]


@pytest.mark.parametrize(
    ("pattern", "message", "hint"),
    [
        ("nothing", "'nothing' matches no host of the inventory", "see `ansible-inventory --graph`"),
        (PROXIES, f"'{PROXIES}' matches only members of {PROXIES} or backup_server", "name such a host itself"),
    ],
)
def test_an_entry_without_a_guest_is_a_problem_at_its_place(pattern: str, message: str, hint: str) -> None:
    wrong = job("web", pattern)
    with pytest.raises(InvalidFileError) as caught:
        select_guests(wrong, SITE)
    (problem,) = caught.value.problems
    assert str(problem).startswith(f"jobs/nightly.yml:5:5: {message} ({hint}")
    assert pattern_problems(wrong, SITE) == [problem]
    assert problem.rule == "unknown_pattern"


def test_the_nearest_group_or_host_is_offered() -> None:
    site = dataclasses.replace(SITE, matches={**SITE.matches, "wbe": (), "sql-1": ()})
    hints = [problem.hint for problem in pattern_problems(job("wbe", "sql-1"), site)]
    assert hints == ["did you mean 'web'?", "did you mean 'sql-01'?"]


def test_a_limit_takes_away_guests_only() -> None:
    assert list(select_guests(job("web"), SITE, "first_two")) == ["web-01", "web-02"]
    assert list(select_guests(job("web", "sql"), SITE, "sql")) == ["sql-01"]


@pytest.mark.parametrize("limit", ["none_of_ours", PROXIES])
def test_a_limit_that_leaves_no_guest_is_refused(limit: str) -> None:
    with pytest.raises(InventoryError, match=f"--limit '{limit}' leaves no guest"):
        select_guests(job("web"), SITE, limit)

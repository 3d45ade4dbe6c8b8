from __future__ import annotations

import dataclasses

import pytest
from guestwright.errors import InvalidFileError, InventoryError
from guestwright.jobs.load import load_job
from guestwright.jobs.model import Applications, GuestProcessing, Scripts
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


def test_what_a_later_entry_states_wins_and_the_rest_stays() -> None:
    text = b"""
api_version: guestwright/v1
kind: backup_job
name: nightly
guest_processing: {freeze_timeout: 30s}
guests:
  - hosts: everything
    guest_processing: {applications: {filesystems: [/srv]}, scripts: {timeout: 1m}}
  - hosts: web-02
    guest_processing: {application_processing: require_success, scripts: {mode: require_success}}
"""
    guests = select_guests(load_job("nightly.yml", text), SITE)
    assert list(guests) == ["web-01", "web-02", "sql-01"]
    first = GuestProcessing(freeze_timeout=30, applications=Applications(("/srv",)), scripts=Scripts(timeout=60))
    assert guests["web-01"] == first
    assert guests["web-02"] == dataclasses.replace(
        first, application_processing="require_success", scripts=Scripts(mode="require_success", timeout=60)
    )


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

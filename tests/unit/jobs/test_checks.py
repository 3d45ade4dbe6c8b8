"""A job against an inventory, and against what this version carries out."""

from __future__ import annotations

from guestwright.jobs.checks import check_against_inventory, not_carried_out
from guestwright.jobs.load import LoadedJob, parse_job
from guestwright.planning.model import Host, Inventory

HEAD = "api_version: guestwright/v1\nkind: backup_job\nname: nightly\n"
INVENTORY = Inventory(
    hosts={
        host.name: host
        for host in (
            Host("web-1", ("linux",)),
            Host("proxy-1", ("guest_interaction_proxies", "windows")),
            Host("backup", ("backup_server",)),
        )
    },
    matches={
        "linux": ("web-1",),
        "linus": (),
        "windows": ("proxy-1",),
        "proxy-1": ("proxy-1",),
        "all": ("web-1", "proxy-1", "backup"),
    },
    named_directly={"proxy-1": ("proxy-1",)},
)


def loaded(text: str) -> LoadedJob:
    return parse_job("job.yml", (HEAD + text).encode())


def told(job: LoadedJob) -> list[str]:
    return [str(problem) for problem in check_against_inventory(job.job, INVENTORY, job.document)]


def test_a_job_that_fits() -> None:
    assert told(loaded("guests: [{hosts: linux}, {hosts: all}]\n")) == []
    assert told(loaded("guests: [{hosts: proxy-1}]\n")) == []


def test_patterns_and_proxies_that_do_not_fit_are_all_told_at_their_places() -> None:
    job = loaded("""\
guests:
  - hosts: linus
  - hosts: windows
guest_interaction_proxies:
  selection: prefer
  servers: [proxy-1, proxy-2, web-1, gateway]
""")
    assert told(job) == [
        "job.yml:5:12: 'linus' matches no host of the inventory (did you mean 'linux'?)",
        (
            "job.yml:6:12: 'windows' matches only members of guest_interaction_proxies or backup_server "
            "(name such a host itself to make it a guest)"
        ),
        "job.yml:9:22: the proxy `proxy-2` is not in the inventory (did you mean `proxy-1`?)",
        "job.yml:9:31: `web-1` is not in the group guest_interaction_proxies (add it to that group of the inventory)",
        "job.yml:9:38: the proxy `gateway` is not in the inventory (its proxies: proxy-1)",
    ]


def test_without_the_document_places_are_the_nearest_known() -> None:
    job = loaded("guests: [{hosts: linux}]\nguest_interaction_proxies: {selection: only, servers: [gateway]}\n").job
    assert [(each.line, each.column) for each in check_against_inventory(job, INVENTORY)] == [(1, 1)]


LATER = """\
guests:
  - hosts: linux
  - hosts: sql
    guest_processing:
      transaction_logs: {mode: copy_only}
  - hosts: off_duty
    guest_processing: {application_processing: disabled}
guest_processing:
  transaction_logs: {mode: process}
  indexing: {mode: everything}
components: {installer_service: push}
"""


def test_what_is_not_carried_out_is_told_where_it_is_written() -> None:
    job = loaded(LATER)
    assert [(each.line, each.column, each.message) for each in not_carried_out(job.job, job.document)] == [
        (8, 32, "`transaction_logs.mode: copy_only` is not carried out by this version"),
        (12, 28, "`transaction_logs.mode: process` is not carried out by this version"),
        (13, 20, "`indexing.mode: everything` is not carried out by this version"),
        (14, 33, "`components.installer_service: push` is not carried out by this version"),
    ]


def test_what_is_not_carried_out_refuses_a_run_also_without_the_document() -> None:
    problems = not_carried_out(loaded(LATER).job)
    assert {problem.severity for problem in problems} == {"error"}
    assert len(problems) == 5
    assert not_carried_out(loaded("guests: [{hosts: linux}]\n").job) == ()

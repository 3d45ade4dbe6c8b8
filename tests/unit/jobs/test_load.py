"""From a file to the frozen job: values, defaults, and settings laid over others."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import pytest
from guestwright.errors import InvalidFileError
from guestwright.exit_codes import ExitCode
from guestwright.jobs import durations
from guestwright.jobs.load import load_job, parse_job
from guestwright.jobs.model import (
    Applications,
    Components,
    GuestInteractionProxies,
    GuestProcessing,
    Indexing,
    Job,
    Network,
    Scripts,
    Session,
    SessionCommand,
    TransactionLogs,
)
from guestwright.jobs.read import read_file

HEAD = "api_version: guestwright/v1\nkind: backup_job\nname: nightly\n"


def job_of(text: str) -> Job:
    return load_job("job.yml", (HEAD + text).encode())


def refusals_of(text: str) -> list[str]:
    with pytest.raises(InvalidFileError) as caught:
        load_job("job.yml", text.encode())
    return [str(problem) for problem in caught.value.problems]


def test_a_job_with_every_key() -> None:
    job = job_of("""\
guests:
  - hosts: linux_web
  - hosts: sql
    guest_processing: {application_processing: require_success, use_persistent_guest_agent: true}
guest_processing:
  application_processing: ignore_failures
  use_persistent_guest_agent: false
  method: automatic
  routes: [admin, installer_service, hypervisor]
  freeze_timeout: 45s
  scripts: {mode: require_success, pre_freeze: [/sbin/stop --all, [/sbin/stop, 2]], post_thaw: [/sbin/go], timeout: 5m}
  applications: {filesystems: [/srv, /var/lib/postgresql]}
  transaction_logs: {mode: process, ship_every: 30m, retain: 7d}
  indexing: {mode: only, paths: [/home]}
guest_interaction_proxies: {selection: only, servers: [proxy-1], fall_back_to_backup_server: false}
network: {guest_reconnects: 2, proxy_reconnects: 0}
components: {catalogue: open, installer_service: push, time_to_live: 1d}
session:
  consistency_group: job
  parallel: 50
  snapshot: {command: "take --vm '{{ inventory_hostname }}'", timeout: 20s}
  backup: {command: [copy, "{{ inventory_hostname }}", 3], timeout: 2h}
""")
    settings = GuestProcessing(
        application_processing="ignore_failures",
        use_persistent_guest_agent=False,
        method="automatic",
        routes=("admin", "installer_service", "hypervisor"),
        freeze_timeout=45,
        scripts=Scripts(
            mode="require_success",
            pre_freeze=(("/sbin/stop", "--all"), ("/sbin/stop", "2")),
            post_thaw=(("/sbin/go",),),
            timeout=300,
        ),
        applications=Applications(("/srv", "/var/lib/postgresql")),
        transaction_logs=TransactionLogs("process", 1800, 7 * 86400),
        indexing=Indexing("only", ("/home",)),
    )
    assert (job.name, job.file) == ("nightly", "job.yml")
    assert job.guest_processing == settings
    assert [(entry.hosts, entry.line, entry.column) for entry in job.guests] == [("linux_web", 5, 12), ("sql", 6, 12)]
    assert job.guests[0].guest_processing == settings
    assert job.guests[1].guest_processing.application_processing == "require_success"
    assert job.guests[1].guest_processing.use_persistent_guest_agent
    assert job.guests[1].guest_processing.scripts == settings.scripts
    assert job.guest_interaction_proxies == GuestInteractionProxies("only", ("proxy-1",), False)
    assert job.network == Network(2, 0)
    assert job.components == Components("open", "push", 86400)
    assert job.session == Session(
        "job",
        50,
        SessionCommand(("take", "--vm", "{{ inventory_hostname }}"), 20),
        SessionCommand(("copy", "{{ inventory_hostname }}", "3"), 7200),
    )


def test_a_job_that_writes_the_defaults_out_has_nothing_to_warn_of() -> None:
    text = """\
guests:
  - hosts: linux_web
  - hosts: sql
    guest_processing: {application_processing: require_success, use_persistent_guest_agent: true}
guest_processing:
  application_processing: ignore_failures
  use_persistent_guest_agent: false
  method: automatic
  routes: [admin, installer_service, hypervisor]
  freeze_timeout: 60s
  scripts: {mode: ignore_failures, pre_freeze: [/sbin/pause], post_thaw: [/sbin/go], timeout: 10m}
  applications: {filesystems: [/srv]}
  transaction_logs: {mode: disabled, ship_every: 15m, retain: 15d}
  indexing: {mode: disabled}
guest_interaction_proxies: {selection: automatic, servers: [], fall_back_to_backup_server: true}
network: {guest_reconnects: 1, proxy_reconnects: 10}
components: {catalogue: open, installer_service: require, time_to_live: 2h}
session:
  consistency_group: guest
  parallel: 8
  snapshot: {command: [take, snapshot], timeout: 30s}
  backup: {command: [copy, snapshot], timeout: 4h}
"""
    loaded = parse_job("job.yml", (HEAD + text).encode())
    assert loaded.warnings == ()
    assert loaded.job.network == Network()
    assert loaded.job.components == Components()
    assert loaded.job.guest_interaction_proxies == GuestInteractionProxies()


def test_so_many_problems_are_told_and_a_last_one_says_so() -> None:
    for text in ("".join(f"k{number}: 1\n" for number in range(300)), "a: 1\n" * 300):
        problems = refusals_of(text)
        assert len(problems) == 100
        assert problems[-1].endswith("there are more problems from here on; only 99 are told (mend these first)")


def test_what_a_job_leaves_out_has_the_default_of_the_model() -> None:
    job = job_of("guests: [{hosts: web}]\n")
    assert job == Job("nightly", job.guests, file="job.yml")
    assert job.guests[0].guest_processing == GuestProcessing()


def test_session_commands_have_default_timeouts() -> None:
    session = job_of("guests: [{hosts: web}]\nsession: {snapshot: {command: a}, backup: {command: b}}\n").session
    assert session.snapshot == SessionCommand(("a",), 30)
    assert session.backup == SessionCommand(("b",), 4 * 3600)


def test_settings_of_an_entry_are_laid_over_key_by_key_and_lists_replace() -> None:
    job = job_of("""\
guests:
  - hosts: web
    guest_processing:
      scripts: {timeout: 1m}
      applications: {filesystems: [/data]}
      routes: [admin]
guest_processing:
  scripts: {mode: require_success, pre_freeze: [/sbin/pause], timeout: 2m}
  applications: {filesystems: [/srv, /home]}
""")
    own = job.guests[0].guest_processing
    assert own.scripts == Scripts("require_success", (("/sbin/pause",),), (), 60)
    assert own.applications.filesystems == ("/data",)
    assert own.routes == ("admin",)
    assert job.guest_processing.applications.filesystems == ("/srv", "/home")


def test_an_alias_stands_for_a_whole_value() -> None:
    job = job_of("""\
guests:
  - hosts: web
    guest_processing: &strict {application_processing: require_success}
  - hosts: sql
    guest_processing: *strict
""")
    assert [entry.guest_processing.application_processing for entry in job.guests] == ["require_success"] * 2


@pytest.mark.parametrize("text", ["{{ lookup('pipe', 'id') }}", "$(id)", "; id", "`id`", "%{x}", "a\\nb"])
def test_text_stays_as_it_is_written(text: str) -> None:
    job = job_of(f'guests: [{{hosts: web}}]\nguest_processing: {{scripts: {{pre_freeze: [[/x, "{text}"]]}}}}\n')
    assert job.guest_processing.scripts.pre_freeze == (("/x", text.replace("\\n", "\n")),)


def test_a_refusal_holds_all_problems_sorted_and_exits_with_3() -> None:
    with pytest.raises(InvalidFileError) as caught:
        load_job("job.yml", b"name: Foo\nname: b\nx: 1\n")
    assert caught.value.exit_code is ExitCode.INVALID
    assert [(problem.line, problem.rule) for problem in caught.value.problems] == [
        (1, "missing_key"),
        (1, "missing_key"),
        (1, "missing_key"),
        (1, "pattern"),
        (2, "duplicate_key"),
        (3, "unknown_key"),
    ]


def test_a_job_is_read_from_its_file(tmp_path: Path) -> None:
    file = tmp_path / "job.yml"
    file.write_text(HEAD + "guests: [{hosts: web}]\n")
    assert load_job(str(file), read_file(str(file))) == load_job(str(file), file.read_bytes())


def test_a_name_ends_where_the_pattern_ends() -> None:
    assert refusals_of('name: "nightly\\n"\n')[-1].startswith("job.yml:1:7: `name` must be 1 to 63")


def test_an_entry_may_turn_off_what_the_defaults_hold() -> None:
    text = """\
guests:
  - hosts: web
  - hosts: a
    guest_processing: {application_processing: disabled}
  - hosts: b
    guest_processing: {scripts: {mode: disabled}}
  - hosts: c
    guest_processing: {indexing: {mode: disabled}}
guest_processing:
  scripts: {pre_freeze: [/sbin/pause]}
  indexing: {mode: only, paths: [/home]}
"""
    loaded = parse_job("job.yml", (HEAD + text).encode())
    assert loaded.warnings == ()


def test_defaults_that_no_entry_uses_are_refused_once() -> None:
    problems = refusals_of(
        HEAD + "guests: [{hosts: a}, {hosts: b}]\n"
        "guest_processing: {application_processing: disabled, scripts: {pre_freeze: [/sbin/pause]}}\n"
    )
    assert len(problems) == 1
    assert problems[0].startswith("job.yml:5:76: `pre_freeze` scripts are given, but scripts are disabled")


def test_disabled_processing_needs_no_route() -> None:
    job = job_of(
        "guests: [{hosts: a}]\nguest_processing: {application_processing: disabled, method: runtime_only, "
        "routes: [installer_service]}\n"
    )
    assert job.guest_processing.application_processing == "disabled"


@pytest.mark.parametrize(
    ("text", "seconds", "written"),
    [("1s", 1, "1s"), ("90s", 90, "90s"), ("60s", 60, "1m"), ("24h", 86400, "1d"), ("15d", 15 * 86400, "15d")],
)
def test_durations(text: str, seconds: int, written: str) -> None:
    assert durations.seconds(text) == seconds
    assert durations.written(seconds) == written


@pytest.mark.parametrize("text", ["", "0s", "1", "s", "1w", "1.5h", "-1s", "01s", "1 s", "1s\n", "٣s"])
def test_what_is_no_duration(text: str) -> None:
    with pytest.raises(ValueError, match="not a duration"):
        durations.seconds(text)


def test_a_small_job_loads_in_little_time() -> None:
    text = HEAD + "guests: [{hosts: web}]\n"
    load_job("job.yml", text.encode())
    fastest = min(_seconds(text) for _ in range(5))
    assert fastest < 0.05


def _seconds(text: str) -> float:
    started = time.process_time()
    load_job("job.yml", text.encode())
    return time.process_time() - started


def test_importing_the_loader_leaves_jsonschema_alone() -> None:
    script = "import sys, guestwright.jobs.load, guestwright.cli.validate; print('jsonschema' in sys.modules)"
    finished = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert finished.stdout == "False\n"

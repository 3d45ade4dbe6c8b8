from __future__ import annotations

import dataclasses
from typing import Any

import pytest
from guestwright.errors import InventoryError
from guestwright.jobs.model import (
    Applications,
    GuestInteractionProxies,
    GuestProcessing,
    Indexing,
    Job,
    Scripts,
    Session,
    SessionCommand,
    TransactionLogs,
)
from guestwright.planning.firewall import firewall_matrix
from guestwright.planning.model import Assumptions, GuestFacts, GuestPlan, Inventory, ProxyFacts
from guestwright.planning.plan import plan_job
from planning_inputs import PROXIES, host, inventory, job

LINUX = host("web-01", "web", ansible_host="192.0.2.11")
HYPERVISOR = {"guestwright_hypervisor": {"type": "qemu_guest_agent", "socket": "/run/agent.sock"}}
SQL = host("sql-01", "sql", ansible_host="192.0.2.21", ansible_connection="winrm", **HYPERVISOR)
PROXY = host("proxy-01", PROXIES, guestwright_networks=["192.0.2.0/24"])
SITE = inventory(LINUX, SQL, PROXY)
SNAPSHOT = SessionCommand(("take-snapshot", "--vm", "web 01"), 30)
BACKUP = SessionCommand(("run-backup",), 14400)

FRESH = {"routes": {"admin": True}, "installed": ()}
AGENT = {
    "routes": {"admin": False, "installer_service": True},
    "certificates_valid": True,
    "installed": ("guest_helper",),
}


def plan_one(
    name: str,
    facts: dict[str, Any] | None = None,
    site: Inventory = SITE,
    links: dict[str, ProxyFacts] | None = None,
    **changes: Any,
) -> GuestPlan:
    settings_names = {field.name for field in dataclasses.fields(GuestProcessing)}
    settings = GuestProcessing(**{key: value for key, value in changes.items() if key in settings_names})
    others = {key: value for key, value in changes.items() if key not in settings_names}
    one: Job = job(name, guest_processing=settings, **others)
    guests = {name: GuestFacts(**facts)} if facts is not None else {}
    (guest,) = plan_job(one, site, Assumptions(guests, links or {})).guests
    return guest


def asked(guest: GuestPlan) -> list[str]:
    return [f"{answer['question']} {answer['answer']}" for answer in guest.trace]


def test_nothing_is_known_without_assumptions_but_a_hypervisor_that_is_not_there() -> None:
    guest = plan_one("web-01")
    assert (guest.os, guest.address, guest.deployer) == ("linux", "192.0.2.11", "backup_server")
    assert (guest.wanted, guest.method, guest.route) == ("runtime", "unknown", None)
    assert guest.routes == ("admin", "installer_service")
    assert asked(guest) == ["admin route open? unknown"]


@pytest.mark.parametrize(
    ("name", "facts", "settings", "method", "route"),
    [
        ("web-01", FRESH, {}, "runtime", "admin"),
        ("web-01", AGENT, {}, "persistent", "installer_service"),
        ("web-01", AGENT, {"use_persistent_guest_agent": True}, "persistent", "installer_service"),
        ("web-01", AGENT, {"method": "persistent_only"}, "persistent", "installer_service"),
        ("web-01", AGENT, {"method": "runtime_only"}, "fails", None),
        ("web-01", FRESH, {"use_persistent_guest_agent": True}, "unknown", None),
        ("web-01", FRESH, {"routes": ("hypervisor",)}, "fails", None),
        ("web-01", {"routes": {"admin": False, "installer_service": False}}, {}, "fails", None),
        (
            "web-01",
            {"routes": {"admin": False, "installer_service": False, "hypervisor": True}},
            {},
            "runtime",
            "hypervisor",
        ),
        ("sql-01", {"routes": {"admin": False, "installer_service": False}}, {}, "unknown", None),
        ("sql-01", {"routes": {"admin": False, "installer_service": False, "hypervisor": False}}, {}, "fails", None),
        (
            "sql-01",
            {"routes": {"admin": False, "installer_service": False, "hypervisor": True}},
            {},
            "runtime",
            "hypervisor",
        ),
    ],
)
def test_the_tree_is_walked_with_the_facts_of_assumptions_and_inventory(
    name: str, facts: dict[str, Any], settings: dict[str, Any], method: str, route: str | None
) -> None:
    guest = plan_one(name, facts, **settings)
    assert (guest.method, guest.route) == (method, route)


def test_installed_means_every_component_that_the_guest_needs() -> None:
    logs = {"transaction_logs": TransactionLogs("process")}
    assert plan_one("web-01", {**AGENT, "routes": {"admin": True}}, **logs).method == "runtime"
    both = {**AGENT, "installed": ("log_shipping", "guest_helper")}
    assert plan_one("web-01", both, **logs).method == "persistent"


def test_an_assumed_operating_system_decides_who_deploys() -> None:
    assert plan_one("web-01", {"os": "windows"}).deployer == "proxy-01"
    assert plan_one("sql-01", {"os": "linux"}).deployer == "backup_server"


@pytest.mark.parametrize(
    ("settings", "name", "routes"),
    [
        ({}, "sql-01", ("admin", "installer_service", "hypervisor")),
        ({}, "web-01", ("admin", "installer_service")),
        ({"routes": ("hypervisor", "admin")}, "sql-01", ("admin", "hypervisor")),
        ({"use_persistent_guest_agent": True}, "sql-01", ("installer_service", "hypervisor")),
        ({"method": "persistent_only"}, "web-01", ("installer_service",)),
        ({"method": "runtime_only", "use_persistent_guest_agent": True}, "web-01", ("admin", "installer_service")),
    ],
)
def test_routes_are_those_of_the_tree_that_the_job_allows(
    settings: dict[str, Any], name: str, routes: tuple[str, ...]
) -> None:
    assert plan_one(name, **settings).routes == routes


def test_an_assumed_hypervisor_route_is_tried_though_the_inventory_names_none() -> None:
    assert plan_one("web-01", {"routes": {"hypervisor": True}}).routes[-1] == "hypervisor"


def test_disabled_application_processing_decides_nothing() -> None:
    guest = plan_one("sql-01", AGENT, application_processing="disabled", session=Session(backup=BACKUP))
    assert (guest.wanted, guest.method, guest.route, guest.deployer) == ("none", None, None, None)
    assert (guest.trace, guest.routes, guest.candidates, guest.ports) == ((), (), (), ())
    assert guest.phases == {
        "prepare": (),
        "session": (
            "no guest processing is done: the snapshot is crash-consistent",
            "backup on the backup server, for this guest, at most 4h: run-backup",
        ),
        "release": (),
    }


def test_a_guest_to_which_nobody_may_deploy_fails() -> None:
    only = GuestInteractionProxies("only", ("proxy-01",), fall_back_to_backup_server=False)
    guest = plan_one("sql-01", FRESH, links={"proxy-01": ProxyFacts(link_up=False)}, proxies=only)
    assert (guest.method, guest.route, guest.deployer, guest.trace) == ("fails", None, None, ())
    assert "no machine may deploy" in guest.reason
    assert [(candidate.name, candidate.usable) for candidate in guest.candidates] == [("proxy-01", False)]


SCRIPTS = Scripts("require_success", (("/opt/before", "a b"),), (("/opt/after",),), 90)
FILE_SYSTEMS = Applications(("/srv", "/var/lib/data"))


def test_the_phases_of_runtime_components_over_the_admin_route() -> None:
    session = Session(snapshot=SNAPSHOT, backup=BACKUP)
    guest = plan_one("web-01", FRESH, session=session, scripts=SCRIPTS, applications=FILE_SYSTEMS)
    assert guest.phases == {
        "prepare": (
            "connect over the admin route (SSH, port 22); a broken connection is tried again 1 time",
            "deploy the runtime components into /run/guestwright, readable by root only",
            "start the Guest Helper; it removes itself after 2h without contact",
        ),
        "session": (
            "run on the guest, at most 90s: /opt/before 'a b'",
            "freeze /srv, /var/lib/data for at most 1m",
            "snapshot on the backup server, for this guest, at most 30s: take-snapshot --vm 'web 01'",
            "thaw /var/lib/data, /srv",
            "run on the guest, at most 90s: /opt/after",
            "backup on the backup server, for this guest, at most 4h: run-backup",
        ),
        "release": (
            "remove the runtime components",
            "look for processes, files, sockets, units, cron entries, users and firewall rules of ours; list any left",
        ),
    }


def test_disabled_scripts_are_not_run() -> None:
    scripts = dataclasses.replace(SCRIPTS, mode="disabled")
    assert plan_one("web-01", FRESH, scripts=scripts).phases["session"] == (
        "freeze nothing: the job names no file systems",
    )


def test_a_group_of_the_whole_job_waits_and_thaws_in_reverse() -> None:
    session = Session("job", snapshot=SNAPSHOT)
    steps = plan_one("web-01", FRESH, session=session, applications=FILE_SYSTEMS).phases["session"]
    assert [step.split(":")[0] for step in steps] == [
        "freeze /srv, /var/lib/data for at most 1m",
        "wait until every guest of the job is frozen",
        "snapshot on the backup server, once for the job, at most 30s",
        "thaw in the reverse order of the freeze, guest by guest",
        "thaw /var/lib/data, /srv",
    ]


@pytest.mark.parametrize(
    ("name", "facts", "settings", "step"),
    [
        (
            "web-01",
            {**AGENT, "installed": ()},
            {"use_persistent_guest_agent": True},
            "let the Installer Service install Guest Helper",
        ),
        ("web-01", AGENT, {}, "use the installed Guest Helper"),
        (
            "sql-01",
            {"routes": {"admin": False, "installer_service": False, "hypervisor": True}},
            {},
            "deploy the runtime components into the guest's temp",
        ),
        (
            "sql-01",
            FRESH,
            {},
            "deploy the runtime components into a folder under C:\\Windows that only administrators can open",
        ),
        (
            "web-01",
            None,
            {},
            "deploy the runtime components, unless Guest Helper is installed as a persistent component",
        ),
        (
            "web-01",
            None,
            {"use_persistent_guest_agent": True, "transaction_logs": TransactionLogs("process")},
            "use the installed Guest Helper and Log Shipping Service; the Installer Service installs what is missing",
        ),
    ],
)
def test_what_prepare_does_after_connecting(
    name: str, facts: dict[str, Any] | None, settings: dict[str, Any], step: str
) -> None:
    assert plan_one(name, facts, **settings).phases["prepare"][1] == step


@pytest.mark.parametrize(
    ("facts", "settings", "step"),
    [
        (FRESH, {}, "remove the runtime components"),
        (None, {}, "remove the runtime components, if they were deployed"),
        (AGENT, {}, "leave the persistent components installed"),
        (None, {"use_persistent_guest_agent": True}, "leave the persistent components installed"),
    ],
)
def test_release_removes_what_was_deployed_only(
    facts: dict[str, Any] | None, settings: dict[str, Any], step: str
) -> None:
    assert plan_one("web-01", facts, **settings).phases["release"][0] == step


CLOSED = {"routes": {"admin": False, "installer_service": False}}
BOTH = Session(snapshot=SNAPSHOT, backup=BACKUP)


@pytest.mark.parametrize(
    ("processing", "session", "meaning"),
    [
        ("require_success", BOTH, "The guest is failed, and its snapshot and backup are not made."),
        ("require_success", Session(backup=BACKUP), "The guest is failed, and its backup is not made."),
        ("require_success", Session(), "The guest is failed."),
        (
            "ignore_failures",
            BOTH,
            "The backup is made without guest processing: crash-consistent only, and the guest is degraded.",
        ),
        ("disabled", BOTH, "No guest processing is tried, so none can fail; the backup is crash-consistent."),
    ],
)
def test_what_a_failure_means(processing: str, session: Session, meaning: str) -> None:
    assert plan_one("web-01", application_processing=processing, session=session).on_failure == meaning


def test_a_method_that_fails_says_how_the_session_goes_on() -> None:
    strict = plan_one("web-01", CLOSED, application_processing="require_success", session=BOTH)
    assert strict.phases["prepare"] == ("guest processing fails: no route to the guest is open",)
    assert strict.phases["session"] == (strict.on_failure,)
    lenient = plan_one("web-01", CLOSED, session=BOTH)
    assert [step.split(" ")[0] for step in lenient.phases["session"]] == ["go", "snapshot", "backup"]


def ports(guest: GuestPlan) -> list[tuple[str, str, int]]:
    return [(port.source, port.destination, port.port) for port in guest.ports]


@pytest.mark.parametrize(
    ("name", "facts", "settings", "expected"),
    [
        ("web-01", FRESH, {}, [("backup_server", "web-01", 22)]),
        (
            "web-01",
            AGENT,
            {},
            [("backup_server", "web-01", port) for port in (6160, 11731, 6173)],
        ),
        (
            "web-01",
            {**AGENT, "installed": ("guest_helper", "log_shipping")},
            {"transaction_logs": TransactionLogs("process")},
            [
                *(("backup_server", "web-01", port) for port in (6160, 11731, 6173, 6167)),
                ("web-01", "backup_server", 6162),
            ],
        ),
        (
            "sql-01",
            FRESH,
            {},
            [("backup_server", "proxy-01", 6190), *(("proxy-01", "sql-01", port) for port in (445, 135, 5986))],
        ),
        (
            "sql-01",
            {"routes": {"admin": False, "installer_service": False, "hypervisor": True}},
            {},
            [("backup_server", "proxy-01", 6190)],
        ),
        ("web-01", None, {}, [("backup_server", "web-01", port) for port in (22, 6160, 11731, 6173)]),
        ("web-01", None, {"routes": ("admin",)}, [("backup_server", "web-01", 22)]),
        ("web-01", CLOSED, {}, [("backup_server", "web-01", port) for port in (22, 6160, 11731, 6173)]),
        (
            "web-01",
            None,
            {"use_persistent_guest_agent": True},
            [("backup_server", "web-01", port) for port in (6160, 11731, 6173)],
        ),
    ],
)
def test_ports(
    name: str, facts: dict[str, Any] | None, settings: dict[str, Any], expected: list[tuple[str, str, int]]
) -> None:
    assert ports(plan_one(name, facts, **settings)) == expected


def test_a_port_behind_a_template_is_said_to_be_the_default() -> None:
    site = inventory(host("web-01", ansible_port="{{ port }}"))
    (port,) = plan_one("web-01", FRESH, site).ports
    assert (port.port, port.purpose) == (22, "SSH (the inventory's port is a template: its default is shown)")


def test_a_guest_without_a_management_network_needs_no_admin_port() -> None:
    site = inventory(host("web-01", ansible_connection="local"))
    guest = plan_one("web-01", FRESH, site)
    assert guest.ports == ()
    assert guest.phases["prepare"][0].startswith("connect over the admin route;")


def test_the_firewall_matrix_has_each_port_once_and_sorted() -> None:
    site = inventory(LINUX, SQL, host("sql-02", "sql", ansible_connection="winrm"), PROXY)
    plan = plan_job(job("web", "sql", guest_processing=GuestProcessing(routes=("installer_service",))), site)
    matrix = [(port.source, port.destination, port.port) for port in firewall_matrix(plan)]
    assert matrix.count(("backup_server", "proxy-01", 6190)) == 1
    assert matrix == sorted(set(matrix))
    assert len(matrix) == 1 + 3 * 3


def test_every_host_with_a_bad_value_is_named() -> None:
    site = inventory(*(host(f"web-{number:02}", "web", guestwright_os="bsd") for number in range(25)))
    with pytest.raises(InventoryError) as caught:
        plan_job(job("web"), site)
    lines = caught.value.message.splitlines()
    assert lines[0] == "host web-00: guestwright_os cannot be 'bsd' (write linux or windows)"
    assert len(lines) == 21
    assert lines[-1] == "and 5 more hosts"


def test_an_assumption_on_an_unknown_guest_is_refused() -> None:
    with pytest.raises(InventoryError, match=r"--assume names the guest 'web-1'.*did you mean 'web-01'"):
        plan_job(job("web"), SITE, Assumptions({"web-1": GuestFacts()}))


def test_an_assumption_on_a_host_that_is_not_in_the_job_is_left_aside() -> None:
    (guest,) = plan_job(job("web"), SITE, Assumptions({"sql-01": GuestFacts(os="linux")})).guests
    assert guest.name == "web-01"


def test_guests_with_equal_settings_share_what_was_decided() -> None:
    site = inventory(*(host(f"web-{number}", "web", ansible_host=f"192.0.2.{number}") for number in range(1, 4)))
    first, second, third = plan_job(job("web-1", "web"), site).guests
    assert first.phases is second.phases is third.phases
    assert [guest.address for guest in (first, second, third)] == ["192.0.2.1", "192.0.2.2", "192.0.2.3"]
    assert {guest.ports[0].destination for guest in (first, second, third)} == {"web-1", "web-2", "web-3"}


def test_the_same_input_gives_the_same_plan() -> None:
    assert plan_job(job("web", "sql"), SITE) == plan_job(job("web", "sql"), SITE)


@pytest.mark.parametrize(
    ("settings", "step"),
    [
        ({"transaction_logs": TransactionLogs("process")}, "ship transaction logs every 15m, keep them 15d"),
        ({"transaction_logs": TransactionLogs("copy_only")}, "leave the transaction logs as they are: copy only"),
        ({"indexing": Indexing("everything")}, "index files: everything"),
        ({"indexing": Indexing("only", ("/srv", "/home"))}, "index files: only /srv, /home"),
    ],
)
def test_logs_and_index_are_handled_after_the_freeze(settings: dict[str, Any], step: str) -> None:
    assert plan_one("web-01", FRESH, **settings).phases["session"][-1] == step

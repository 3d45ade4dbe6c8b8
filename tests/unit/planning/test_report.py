from __future__ import annotations

import json
from collections.abc import Iterator
from importlib import resources
from typing import Any

import pytest
from golden_files import assert_golden
from guestwright.jobs.model import (
    Applications,
    GuestEntry,
    GuestInteractionProxies,
    GuestProcessing,
    Job,
    Session,
    SessionCommand,
)
from guestwright.planning.model import Assumptions, GuestFacts, Plan, ProxyFacts
from guestwright.planning.plan import plan_job
from guestwright.reports.plan import plan_document, plan_json, plan_summary, plan_text
from jsonschema import Draft7Validator
from planning_inputs import PROXIES, host, inventory, job

SCHEMA = json.loads(resources.files("guestwright.schemas").joinpath("plan.json").read_text("utf-8"))
SITE = inventory(
    *(host(f"web-{number:02}", "web", ansible_host=f"192.0.2.{10 + number}") for number in range(1, 4)),
    host("db-01", "db", ansible_host="198.51.100.11", guestwright_hypervisor={"type": "vmware_tools"}),
    host("sql-01", "sql", ansible_host="192.0.2.21", ansible_connection="winrm"),
    host("sql-02", "sql", ansible_host="198.51.100.21", ansible_connection="winrm"),
    host("old-01", "old", ansible_host="192.0.2.99"),
    host("proxy-01", PROXIES, guestwright_networks=["192.0.2.0/24"]),
    host("proxy-02", PROXIES, guestwright_networks=["198.51.100.0/24"]),
)
CLOSED = {"admin": False, "installer_service": False}


def whole_site() -> Plan:
    """A plan with every method, route and kind of deployer in it."""
    settings = GuestProcessing(applications=Applications(("/srv",)))
    strict = {"application_processing": "require_success", "use_persistent_guest_agent": True}
    nothing_frozen = {"applications": {"filesystems": []}}
    entries = (
        GuestEntry("all", settings),
        GuestEntry("sql", settings, own_settings=strict | nothing_frozen),
        GuestEntry("old", settings, own_settings={"application_processing": "disabled"} | nothing_frozen),
    )
    commands = Session(
        snapshot=SessionCommand(("take-snapshot", "--vm", "{{ inventory_hostname }}"), 30),
        backup=SessionCommand(("run-backup", "--guest", "{{ inventory_hostname }}"), 14400),
    )
    facts = Assumptions(
        {
            "web-02": GuestFacts(routes={"admin": True}, installed=()),
            "web-03": GuestFacts(routes=CLOSED),
            "db-01": GuestFacts(routes={**CLOSED, "hypervisor": True}),
            "sql-02": GuestFacts(routes={"installer_service": True}, certificates_valid=True, installed=()),
        },
        {"proxy-02": ProxyFacts(link_up=False), "proxy-01": ProxyFacts(running_tasks=1)},
    )
    proxies = GuestInteractionProxies("prefer", ("proxy-02",))
    return plan_job(Job("nightly", entries, settings, proxies, session=commands), SITE, facts)


def descriptions(schema: dict[str, Any], path: str = "plan") -> Iterator[tuple[str, dict[str, Any]]]:
    yield path, schema
    for name, inner in schema.get("properties", {}).items():
        yield from descriptions(inner, f"{path}.{name}")
    for key in ("items", "additionalProperties"):
        if isinstance(schema.get(key), dict):
            yield from descriptions(schema[key], f"{path}.{key}")


@pytest.mark.parametrize(
    ("path", "schema"), list(descriptions(SCHEMA)), ids=lambda value: value if isinstance(value, str) else ""
)
def test_every_key_of_the_schema_is_described(path: str, schema: dict[str, Any]) -> None:
    assert schema.get("description", "").endswith("."), path
    if schema.get("type") == "object" and "properties" in schema:
        assert schema["additionalProperties"] is False, path


def test_the_schema_is_draft_07_and_its_examples_are_valid() -> None:
    assert SCHEMA["$schema"] == "http://json-schema.org/draft-07/schema#"
    Draft7Validator.check_schema(SCHEMA)
    for path, schema in descriptions(SCHEMA):
        for example in schema.get("examples", []):
            assert not list(Draft7Validator(schema).iter_errors(example)), f"{path}: {example}"


@pytest.mark.parametrize("plan", [whole_site(), plan_job(job("web"), SITE), plan_job(job("old"), SITE)])
def test_every_plan_fits_the_schema(plan: Plan) -> None:
    problems = list(Draft7Validator(SCHEMA).iter_errors(json.loads(json.dumps(plan_document(plan)))))
    assert problems == []


def test_the_stream_is_the_document() -> None:
    plan = whole_site()
    assert json.loads("".join(plan_json(plan))) == json.loads(json.dumps(plan_document(plan)))
    lines = "".join(plan_json(plan)).splitlines()
    assert sum(line.startswith('"web-') for line in lines) == 3


def test_the_document_has_the_guests_in_the_order_of_the_job() -> None:
    assert list(plan_document(plan_job(job("sql", "web"), SITE))["guests"])[:3] == ["sql-01", "sql-02", "web-01"]


def test_the_summary_counts() -> None:
    assert plan_summary(whole_site()) == {
        "guests": 7,
        "wanted": {"none": 1, "persistent": 2, "runtime": 4},
        "methods": {"fails": 1, "none": 1, "persistent": 1, "runtime": 2, "unknown": 2},
        "routes": {"admin": 1, "hypervisor": 1, "installer_service": 1},
        "deployers": {"backup_server": 4, "proxy-01": 2},
    }


def test_the_text_of_a_whole_site() -> None:
    assert_golden("plan/site.txt", plan_text(whole_site()))


def test_the_json_of_a_whole_site() -> None:
    assert_golden("plan/site.json", "".join(plan_json(whole_site())))


def test_the_text_of_one_guest() -> None:
    assert_golden("plan/one_guest.txt", plan_text(plan_job(job("web-01"), SITE)))


def test_a_thousand_guests_are_described_once_and_fit_on_a_page() -> None:
    site = inventory(*(host(f"web-{number:04}", "web", ansible_host="192.0.2.1") for number in range(1000)))
    lines = plan_text(plan_job(job("web"), site)).splitlines()
    assert len(lines) < 1000 + 40
    assert sum(line.startswith("Kind 1: 1000 guests") for line in lines) == 1
    assert "  backup_server -> 1000 guests: tcp 22, SSH" in lines


def test_no_line_is_wider_than_a_hundred_columns() -> None:
    assert max(len(line) for line in plan_text(whole_site()).splitlines()) <= 100


def test_text_from_the_inventory_cannot_steer_a_terminal() -> None:
    site = inventory(host("web-01", "web", ansible_host="192.0.2.1\x1b[2J"))
    assert "\x1b" not in plan_text(plan_job(job("web"), site))

from __future__ import annotations

import json

import yaml
from golden_files import assert_golden_tree
from guestwright.jobs.model import Applications, Scripts, Session, SessionCommand
from guestwright.rendering.project import COLLECTION, OVERLAY, render_project
from plans import BACKUP, SNAPSHOT, guest_plan, plan_of

INVENTORY = {"01_hosts.yml": b"all: {hosts: {web-1: {}, web-2: {}, sql: {}}}\n"}
HOSTILE = "/srv/{{ lookup('pipe', 'id') }}; $(reboot) `id` | & \" ' %"


def test_the_whole_project_is_golden() -> None:
    plan = plan_of(
        guest_plan("web-1"),
        guest_plan("web-2", applications=Applications(("/srv",))),
        guest_plan("sql", application_processing="require_success"),
        session=Session(snapshot=SNAPSHOT, backup=BACKUP, parallel=4),
    )
    assert_golden_tree("rendering/per_guest", render_project(plan, INVENTORY, {"galaxy.yml": b"---\n"}))


def test_a_consistency_group_is_golden() -> None:
    plan = plan_of(guest_plan("web-1"), session=Session(consistency_group="job", snapshot=SNAPSHOT))
    files = render_project(plan, INVENTORY, {})
    assert_golden_tree("rendering/group", {"session.yml": files["project/session.yml"]})


def test_the_same_input_gives_the_same_bytes_in_the_same_order() -> None:
    plan = plan_of(guest_plan("b"), guest_plan("a"))
    first, second = (render_project(plan, INVENTORY, {"x": b"1", "a": b"2"}) for _ in range(2))
    assert list(first.items()) == list(second.items())
    assert list(first) == sorted(first)


def test_equal_settings_share_a_profile_and_the_jobs_own_is_the_default() -> None:
    special = Applications(("/srv",))
    plan = plan_of(guest_plan("a", applications=special), guest_plan("b"), guest_plan("c", applications=special))
    files = render_project(plan, {}, {})
    hosts = json.loads(files[OVERLAY])["guestwright_guests"]["hosts"]
    assert {name: host["guestwright_profile"] for name, host in hosts.items()} == {
        "a": "variant_1",
        "b": "default",
        "c": "variant_1",
    }
    profiles = [name for name in files if name.startswith("project/profiles/")]
    assert profiles == ["project/profiles/default.json", "project/profiles/variant_1.json"]


def test_a_string_of_the_job_reaches_no_file_that_ansible_templates() -> None:
    plan = plan_of(
        guest_plan("a", scripts=Scripts(pre_freeze=((HOSTILE,),)), applications=Applications((HOSTILE,))),
    )
    files = render_project(plan, {}, {})
    holding = [name for name, content in files.items() if b"lookup" in content]
    assert holding == ["project/profiles/variant_1.json"]
    profile = json.loads(files[holding[0]])["guest_processing"]
    assert profile["scripts"]["pre_freeze"] == [[HOSTILE]]
    assert profile["applications"]["filesystems"] == [HOSTILE]


def test_session_commands_stay_expressions_whatever_characters_they_hold() -> None:
    command = ("/bin/echo", HOSTILE, "- not: [yaml", "x" * 300, "line\nbreak", "#")
    plan = plan_of(guest_plan("a"), session=Session(snapshot=SessionCommand(command, 30)))
    playbook = yaml.safe_load(render_project(plan, {}, {})["project/session.yml"])
    action = playbook[0]["tasks"][0]["block"][0]["guestwright.components.session"]
    assert action["snapshot"] == {"command": list(command), "timeout": 30}
    assert "backup" not in action


def test_inventory_and_collection_are_carried_as_they_are() -> None:
    files = render_project(plan_of(guest_plan("a")), INVENTORY, {"plugins/x.py": b"x"})
    assert files["inventory/01_hosts.yml"] == INVENTORY["01_hosts.yml"]
    assert files[f"{COLLECTION}/plugins/x.py"] == b"x"

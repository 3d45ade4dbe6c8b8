"""What the collection's files state more than once, they state alike."""

from __future__ import annotations

import importlib
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[3]
COLLECTION = ROOT / "collection"
MODULES = sorted(path.stem for path in (COLLECTION / "plugins/modules").glob("*.py"))
ROLES = sorted(path.name for path in (COLLECTION / "roles").iterdir())
PACKAGE = "ansible_collections.guestwright.components.plugins"


def load(path: Path) -> Any:
    return yaml.safe_load(path.read_text(encoding="utf-8"))


def test_the_version_is_the_distributions() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    galaxy = load(COLLECTION / "galaxy.yml")
    assert galaxy["version"] == project["version"]
    assert list(load(COLLECTION / "changelogs/changelog.yaml")["releases"])[-1] == project["version"]


def test_the_action_group_holds_every_module() -> None:
    runtime = load(COLLECTION / "meta/runtime.yml")
    assert runtime["action_groups"] == {"guest_processing": MODULES}
    assert runtime["requires_ansible"] == ">=2.19.0"


@pytest.mark.parametrize("role", ROLES)
def test_argument_specs_are_equal_to_the_defaults(role: str) -> None:
    specification = load(COLLECTION / f"roles/{role}/meta/argument_specs.yml")["argument_specs"]["main"]["options"]
    defaults = load(COLLECTION / f"roles/{role}/defaults/main.yml")
    assert {name: option["default"] for name, option in specification.items()} == defaults


@pytest.mark.parametrize("role", ROLES)
def test_a_role_has_a_task_file_for_each_verb(role: str) -> None:
    specification = load(COLLECTION / f"roles/{role}/meta/argument_specs.yml")["argument_specs"]["main"]["options"]
    verbs = specification.get(f"{role}_verb", {}).get("choices", ["prepare", "guest", "job", "release"])
    tasks = {path.stem for path in (COLLECTION / f"roles/{role}/tasks").glob("*.yml")}
    assert tasks == {"main", *verbs}


@pytest.mark.parametrize("module", MODULES)
def test_documented_options_are_those_that_the_action_takes(module: str) -> None:
    documentation = yaml.safe_load(importlib.import_module(f"{PACKAGE}.modules.{module}").DOCUMENTATION)
    fragments = documentation["extends_documentation_fragment"]
    documented = dict(documentation.get("options") or {})
    if "guestwright.components.phase" in fragments:
        fragment = importlib.import_module(f"{PACKAGE}.doc_fragments.phase").ModuleDocFragment
        documented |= yaml.safe_load(fragment.DOCUMENTATION)["options"]
    action = importlib.import_module(f"{PACKAGE}.action.{module}")
    taken = getattr(action, "OPTIONS", None) or action.SESSION_OPTIONS
    assert _specification(documented) == _shape(taken)


def _specification(documented: dict[str, Any]) -> dict[str, Any]:
    """Return documented options in the form of an argument specification."""
    return _shape(
        {
            name: {("options" if key == "suboptions" else key): value for key, value in option.items()}
            for name, option in documented.items()
        }
    )


def _shape(options: dict[str, Any]) -> dict[str, Any]:
    keys = ("type", "required", "default", "elements")
    shaped = {}
    for name, option in options.items():
        shaped[name] = {key: option[key] for key in keys if key in option}
        if inner := option.get("options"):
            shaped[name]["options"] = _shape(inner)
    return shaped


@pytest.mark.parametrize("module", MODULES)
def test_examples_name_the_module_fully(module: str) -> None:
    examples = yaml.safe_load(importlib.import_module(f"{PACKAGE}.modules.{module}").EXAMPLES)
    assert examples
    assert all(f"guestwright.components.{module}" in task for task in examples)


@pytest.mark.parametrize("module", MODULES)
def test_every_key_of_a_sample_is_documented(module: str) -> None:
    returned = yaml.safe_load(importlib.import_module(f"{PACKAGE}.modules.{module}").RETURN)["guestwright"]
    assert set(returned["sample"]) <= set(returned["contains"])

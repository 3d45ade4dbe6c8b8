"""The settings of a guest as the collection reads them."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.guestwright.components.plugins.module_utils import method
from ansible_collections.guestwright.components.plugins.plugin_utils import settings
from ansible_collections.guestwright.components.plugins.plugin_utils.settings import (
    Settings,
    SettingsError,
    load,
    parse,
)
from guestwright.jobs.model import Components, GuestProcessing, Network, Scripts


def test_defaults_are_the_engines() -> None:
    processing = GuestProcessing()
    assert parse({}) == Settings(
        application_processing=processing.application_processing,
        use_persistent_guest_agent=processing.use_persistent_guest_agent,
        method=processing.method,
        routes=processing.routes,
        freeze_timeout=processing.freeze_timeout,
        script_mode=processing.scripts.mode,
        script_timeout=processing.scripts.timeout,
        required_components=processing.required_components,
        time_to_live=Components().time_to_live,
        guest_reconnects=Network().guest_reconnects,
    )


def test_routes_and_methods_are_the_ladders() -> None:
    assert settings.ROUTES == method.ROUTES
    assert settings.METHODS == method.METHODS


def test_a_rendered_profile_is_read_as_it_is(tmp_path: Path) -> None:
    processing = GuestProcessing(
        application_processing="require_success",
        scripts=Scripts(mode="require_success", pre_freeze=(("/opt/quiesce", "{{ secret }}; rm"),), timeout=30),
    )
    profile = tmp_path / "web.json"
    profile.write_text(
        json.dumps(
            {
                "job": "nightly",
                "guest_processing": dataclasses.asdict(processing),
                "required_components": ["guest_helper"],
                "components": dataclasses.asdict(Components()),
                "network": dataclasses.asdict(Network(guest_reconnects=3)),
                "session": {"consistency_group": "guest", "parallel": 8},
            }
        )
    )
    found = load(str(profile))
    assert found.job == "nightly"
    assert found.required
    assert found.pre_freeze == (("/opt/quiesce", "{{ secret }}; rm"),)
    assert found.guest_reconnects == 3
    assert found.runs_scripts


@pytest.mark.parametrize(
    ("document", "expected"),
    [
        pytest.param({"jbo": "x"}, "jbo is not known", id="unknown key"),
        pytest.param(
            {"guest_processing": {"frozen": 1}}, "guest_processing.frozen is not known", id="unknown inner key"
        ),
        pytest.param({"guest_processing": {"method": "magic"}}, "method is 'magic'", id="choice"),
        pytest.param({"guest_processing": {"routes": ["admin", "pigeon"]}}, "routes holds 'pigeon'", id="choices"),
        pytest.param({"guest_processing": {"freeze_timeout": 0}}, "freeze_timeout must be", id="too small"),
        pytest.param({"guest_processing": {"freeze_timeout": True}}, "freeze_timeout must be", id="a boolean number"),
        pytest.param({"guest_processing": []}, None, id="an empty list is an absent mapping"),
        pytest.param({"guest_processing": ["x"]}, "guest_processing must be a mapping", id="no mapping"),
        pytest.param(
            {"guest_processing": {"scripts": {"pre_freeze": ["/a b"]}}}, "pre_freeze must be", id="text command"
        ),
        pytest.param({"guest_processing": {"applications": {"filesystems": "/srv"}}}, "filesystems must be", id="text"),
        pytest.param({"guest_processing": {"use_persistent_guest_agent": "yes"}}, "true or false", id="text boolean"),
        pytest.param({"job": ""}, "job must be a text", id="empty job"),
    ],
)
def test_what_is_wrong_is_named(document: dict[str, Any], expected: str | None) -> None:
    if expected is None:
        assert parse(document) == Settings()
        return
    with pytest.raises(SettingsError, match=expected):
        parse(document)


@pytest.mark.parametrize(
    ("content", "expected"),
    [(None, "cannot be read"), ("{", "is not JSON"), ("[]", "holds no mapping")],
)
def test_an_unusable_profile_is_named(tmp_path: Path, content: str | None, expected: str) -> None:
    profile = tmp_path / "web.json"
    if content is not None:
        profile.write_text(content)
    with pytest.raises(SettingsError, match=expected):
        load(str(profile))


@pytest.mark.parametrize("value", [None, "", 7])
def test_settings_are_a_path_or_a_mapping(value: object) -> None:
    with pytest.raises(SettingsError, match="path of a JSON profile"):
        load(value)

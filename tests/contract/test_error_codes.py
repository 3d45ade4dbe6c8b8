"""Every error code that the collection or the engine gives to a guest has its advice in reports."""

from __future__ import annotations

import re
from pathlib import Path

from guestwright.reports.advice import ADVICE

ROOT = Path(__file__).parents[2]
_RAISED = re.compile(r'\b(?:GuestError|GuestProcessingError|LinkError|Failure)\(\s*"([a-z_]+)"')


def test_every_code_has_its_advice() -> None:
    found: dict[str, str] = {}
    for folder in ("collection/plugins", "python_engine/guestwright"):
        for file in sorted((ROOT / folder).rglob("*.py")):
            for code in _RAISED.findall(file.read_text()):
                found.setdefault(code, str(file.relative_to(ROOT)))
    assert len(found) > 10
    missing = {code: file for code, file in found.items() if code not in ADVICE}
    assert missing == {}, "add them to python_engine/guestwright/reports/advice.py"

"""The documentation: every relative link leads somewhere, and no page is without a way to it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from guestwright.jobs.load import load_job

ROOT = Path(__file__).parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
_LINK = re.compile(r"(?<!\!)\[[^\]]+\]\(([^)\s]+)\)")
_FENCE = re.compile(r"^```.*?^```", re.DOTALL | re.MULTILINE)


def _prose(page: Path) -> str:
    return _FENCE.sub("", page.read_text())


def _links(page: Path) -> Iterator[tuple[Path, str]]:
    """Yield the target file and the anchor of every relative link of a page."""
    for target in _LINK.findall(_prose(page)):
        if "://" not in target and not target.startswith("mailto:"):
            path, _, anchor = target.partition("#")
            yield (page.parent / path).resolve() if path else page, anchor


def _anchors(page: Path) -> set[str]:
    """Return the anchors that GitHub makes of a page's headings."""
    headings = re.findall(r"^#+ (.+)$", _prose(page), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def _jobs() -> Iterator[tuple[str, str]]:
    """Yield every whole job that a page shows, with the page's name."""
    for page in PAGES:
        for block in re.findall(r"^```yaml\n(.*?)^```", page.read_text(), re.DOTALL | re.MULTILINE):
            if "kind: backup_job" in block:
                yield _name(page), block


def _name(page: Path) -> str:
    return str(page.relative_to(ROOT))


@pytest.mark.parametrize("page", PAGES, ids=_name)
def test_every_relative_link_leads_somewhere(page: Path) -> None:
    for target, anchor in _links(page):
        assert target.exists(), f"{_name(page)} links to {target}, which does not exist"
        if anchor:
            assert anchor in _anchors(target), f"{_name(page)} links to #{anchor} of {_name(target)}"


def test_every_page_is_reached_from_the_readme() -> None:
    reached: set[Path] = set()
    waiting = [ROOT / "README.md"]
    while waiting:
        page = waiting.pop()
        if page in reached or page.suffix != ".md":
            continue
        reached.add(page)
        waiting += [target for target, _ in _links(page) if target.is_relative_to(ROOT) and target.is_file()]
    assert [_name(page) for page in PAGES if page not in reached] == []


@pytest.mark.parametrize("page", PAGES, ids=_name)
def test_every_page_has_one_title_and_no_place_of_one_machine(page: Path) -> None:
    prose = _prose(page)
    assert len(re.findall(r"^# ", prose, re.MULTILINE)) == 1
    assert not re.search(r"(?<![\w.])/(?:work|root|home)/", page.read_text())


def test_every_job_that_a_page_shows_is_valid() -> None:
    shown = list(_jobs())
    assert {"README.md", "docs/tutorial/first-job.md"} <= {name for name, _ in shown}
    for name, text in shown:
        assert load_job(name, text.encode()).guests

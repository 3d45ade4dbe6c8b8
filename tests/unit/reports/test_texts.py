"""Text, Markdown, GitHub, Prometheus and HTML: what each must say, and what must not get out of it."""

from __future__ import annotations

import dataclasses
import re
from html.parser import HTMLParser

import pytest
from guestwright.exit_codes import ExitCode
from guestwright.reports import github, markdown, prometheus, render_report, text
from guestwright.results.model import Failure, GuestResult, Leftover, Result


def _many(result: Result, number: int, status: str = "success") -> Result:
    guests = {f"g{index:04d}": GuestResult(f"g{index:04d}", status) for index in range(number)}  # type: ignore[arg-type]
    return dataclasses.replace(result, guests=guests, notes=())


class TestText:
    def test_failing_guests_come_first_and_the_summary_last(self, rich_result: Result) -> None:
        words = re.findall(
            r"(?m)^(FAILED|DEGRADED|SKIPPED|SUCCESS|Leftovers found|Run|Note)\b", text.render(rich_result)
        )
        assert words == ["FAILED", "FAILED", "DEGRADED", "SKIPPED", "SUCCESS", "Leftovers found", "Run", "Note"]

    @pytest.mark.parametrize("width", [40, 60, 80, 120])
    def test_sentences_are_wrapped_to_the_width(self, width: int, rich_result: Result) -> None:
        heads = ("FAILED", "DEGRADED", "SKIPPED", "          left on")
        for line in text.render(rich_result, width).splitlines():
            assert len(line) <= width or line.startswith(heads)

    def test_colour_only_where_asked(self, rich_result: Result) -> None:
        assert "\x1b" not in text.render(rich_result)
        assert "\x1b[31mFAILED   \x1b[0m" in text.render(rich_result, colour=True)

    def test_many_names_are_counted(self, rich_result: Result) -> None:
        report = text.render(_many(rich_result, 1000))
        assert "and 960 more" in report
        assert len(report.splitlines()) < 20

    @pytest.mark.parametrize("hostile", ["::error::x", "##[error]x", "a\n::warning::x", "a\n  ::warning::x"])
    def test_no_line_is_a_command_to_a_ci_server(self, hostile: str, rich_result: Result) -> None:
        guest = GuestResult(hostile, "failed", error=Failure("internal", hostile), warnings=(hostile,))
        report = text.render(dataclasses.replace(rich_result, guests={guest.name: guest}))
        assert not re.search(r"(?m)^\s*::|##\[", report)

    def test_check_run_says_what_would_change(self, check_result: Result) -> None:
        report = text.render(check_result)
        assert "Would change: freeze /srv" in report
        assert "Check run (nothing was changed)" in report
        assert "SUCCESS   linux-001  runtime over admin\n" in report

    def test_many_changes_are_counted(self, check_result: Result) -> None:
        guest = GuestResult("g", "success", changes=tuple(f"change {number}" for number in range(25)))
        report = text.render(dataclasses.replace(check_result, guests={"g": guest}))
        assert report.count("Would change: ") == 20
        assert "and 5 more changes" in report


class TestMarkdown:
    @pytest.mark.parametrize(
        ("given", "escaped"),
        [
            ("a|b", "a&#124;b"),
            ("<b>&", "&lt;b&gt;&amp;"),
            ("[x](y) *a* _b_ `c`", r"\[x\](y) \*a\* \_b\_ \`c\`"),
            ("# head", "&#35; head"),
            ("- item", r"\- item"),
            ("1. item", r"\1. item"),
            ("@team", "&#64;team"),
            ("https://x", "https&#58;//x"),
            (":smile:", "&#58;smile:"),
            ("www.x", "www&#46;x"),
            ("two\nlines\x07", "two lines\ufffd"),
            ("linux-001", "linux-001"),
        ],
    )
    def test_foreign_text_is_shown_as_it_is(self, given: str, escaped: str) -> None:
        assert markdown.escape(given) == escaped

    def test_table_has_one_row_per_guest_and_equal_columns(self, rich_result: Result) -> None:
        rows = [line for line in markdown.render(rich_result).splitlines() if line.startswith("|")]
        assert len(rows) == 2 + len(rich_result.guests)
        assert {row.count("|") for row in rows} == {8}

    def test_large_runs_stay_below_the_limit_of_a_step_summary(self, rich_result: Result) -> None:
        report = markdown.render(_many(rich_result, 5000, "failed"))
        assert len(report.encode()) < 1024 * 1024
        assert "and 4000 more guests (4000 failed)" in report
        assert "and 4800 more guests" in report


class TestGithub:
    def test_one_command_per_failed_or_degraded_guest(self, rich_result: Result) -> None:
        commands = [line.split(" ")[0] for line in github.render(rich_result).splitlines()]
        assert commands == ["::error", "::error", "::warning", "::notice"]

    def test_no_value_can_end_its_field(self, rich_result: Result) -> None:
        guest = GuestResult("a,b:c%\r\nd", "failed", error=Failure("internal", "50%\n::warning::x"))
        lines = github.render(dataclasses.replace(rich_result, guests={guest.name: guest})).splitlines()
        assert lines[0].startswith("::error title=a%2Cb%3Ac%25 d failed::internal: 50%25%0A::warning::x%0A")
        assert len(lines) == 2

    def test_leftovers_of_a_successful_guest_are_an_error(self, rich_result: Result) -> None:
        guest = GuestResult("g", "success", leftovers=(Leftover("file", "/x"),))
        line = github.render(dataclasses.replace(rich_result, guests={"g": guest})).splitlines()[0]
        assert line.startswith("::error title=g success::left on the guest: file /x%0A")

    def test_step_summary_is_the_markdown_report(self, rich_result: Result) -> None:
        assert github.step_summary(rich_result) == markdown.render(rich_result)


class TestPrometheus:
    SAMPLE = re.compile(
        r'^[a-z_]+\{[a-z_]+="(?:[^"\\\n]|\\[\\"n])*"(?:,[a-z_]+="(?:[^"\\\n]|\\[\\"n])*")*\} -?[0-9.e+-]+$'
    )

    def test_every_line_has_the_form_of_the_exposition_format(self, rich_result: Result) -> None:
        guest = GuestResult('a"b\\c\nd', "failed", phases={"prepare": 1e-7, "backup": 1e9})
        guests = {**rich_result.guests, guest.name: guest}
        declared: set[str] = set()
        for line in prometheus.render(dataclasses.replace(rich_result, guests=guests)).splitlines():
            if line.startswith("# TYPE "):
                name = line.split(" ")[2]
                assert name not in declared
                declared.add(name)
            elif not line.startswith("# HELP "):
                assert self.SAMPLE.fullmatch(line), line
                assert line.split("{")[0] in declared

    def test_a_guest_has_exactly_one_status(self, rich_result: Result) -> None:
        samples = re.findall(
            r'guestwright_guest_status\{.*guest="sql",status="(\w+)"\} 1', prometheus.render(rich_result)
        )
        assert samples == ["skipped"]

    def test_times_that_cannot_be_read_are_left_out(self, empty_result: Result) -> None:
        report = prometheus.render(empty_result)
        assert "guestwright_run_started_timestamp_seconds{" in report
        assert "guestwright_run_finished_timestamp_seconds" not in report


class _Page(HTMLParser):
    """Collects what the tests ask of a page."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.words: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs

    def handle_data(self, data: str) -> None:
        self.words.append(data)


class TestHtml:
    def test_page_needs_nothing_but_itself(self, rich_result: Result) -> None:
        page = _Page(render_report(rich_result, "html"))
        assert not {"script", "link", "img", "iframe", "object", "form"} & set(page.tags)
        names = {name for name, _ in page.attributes}
        assert not {name for name in names if name.startswith("on") or name in {"src", "action"}}
        targets = [value for name, value in page.attributes if name == "href"]
        assert targets
        assert all((value or "").startswith("#guest-") for value in targets)

    def test_foreign_text_is_text(self, rich_result: Result) -> None:
        page = _Page(render_report(rich_result, "html"))
        assert '<script>alert("db")</script>' in page.words
        assert "i" not in page.tags

    def test_every_link_has_its_target(self, rich_result: Result) -> None:
        page = _Page(render_report(rich_result, "html"))
        identities = [value for name, value in page.attributes if name == "id"]
        assert len(identities) == len(set(identities))
        assert {(value or "")[1:] for name, value in page.attributes if name == "href"} <= set(identities)

    def test_table_is_accessible(self, rich_result: Result) -> None:
        page = _Page(render_report(rich_result, "html"))
        assert page.tags.count("caption") == page.tags.count("table") == page.tags.count("h1") == 1
        assert ("scope", "row") in page.attributes
        assert ("lang", "en") in page.attributes

    def test_only_guests_that_need_the_reader_are_open(self, rich_result: Result) -> None:
        page = render_report(rich_result, "html")
        opened = re.findall(r'<details class="card guest is-(\w+)" open>', page)
        assert opened == ["failed", "failed", "degraded", "skipped"]

    def test_page_grows_evenly_with_the_guests(self, rich_result: Result) -> None:
        page = render_report(_many(rich_result, 1000), "html")
        assert page.count("<details") == 1000
        assert len(page) < 3_000_000

    def test_exit_code_and_its_meaning_stand_at_the_top(self, rich_result: Result) -> None:
        degraded = dataclasses.replace(rich_result, exit_code=ExitCode.GUEST_FAILED)
        assert "Exit code 4: at least one guest failed." in render_report(degraded, "html")

"""The table of report formats: by the name of a format, or by the suffix of the file that it goes into."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module

from guestwright.errors import UsageError
from guestwright.results.model import Result


@dataclass(frozen=True)
class ReportFormat:
    """One format of a report.

    Attributes:
        suffixes: the file suffixes that choose it, with their dot.
        module: the module of this package whose `render` makes it; loaded on first use, so that a command that
            prints no report does not pay for a template engine.
        purpose: who reads it, in a few words.
    """

    suffixes: tuple[str, ...]
    module: str
    purpose: str


FORMATS: dict[str, ReportFormat] = {
    "json": ReportFormat((".json",), "json_document", "programs: everything, as `guestwright schema result` describes"),
    "junit": ReportFormat((".xml",), "junit", "CI servers: one test case per guest and phase"),
    "html": ReportFormat((".html", ".htm"), "html", "people: one self-contained page"),
    "markdown": ReportFormat((".md",), "markdown", "CI summaries and tickets"),
    "text": ReportFormat((".txt",), "text", "the terminal"),
    "prometheus": ReportFormat((".prom",), "prometheus", "the textfile collector of a Prometheus node exporter"),
    "github": ReportFormat((), "github", "annotations of a GitHub Actions run, on standard output"),
}


def format_name(suffix_or_format: str) -> str:
    """Return the name of the format that a file suffix (`.xml`) or a name (`junit`) stands for.

    Raises:
        UsageError: there is no such format; the hint names those there are.
    """
    wanted = suffix_or_format.lower()
    for name, report_format in FORMATS.items():
        if wanted == name or wanted in report_format.suffixes:
            return name
    suffixes = [f"{suffix} ({name})" for name, entry in FORMATS.items() for suffix in entry.suffixes]
    raise UsageError(
        f"no report format is called {suffix_or_format!r}",
        f"formats: {', '.join(FORMATS)}; file suffixes: {', '.join(suffixes)}",
    )


def render_report(result: Result, suffix_or_format: str) -> str:
    """Render a result as a report.

    Args:
        result: the outcome of a run.
        suffix_or_format: a format's name, or the suffix of the report's file with its dot.

    Returns:
        the whole content of the report; it ends with a newline.

    Raises:
        UsageError: there is no such format.
    """
    entry = FORMATS[format_name(suffix_or_format)]
    render: Callable[[Result], str] = import_module(f"guestwright.reports.{entry.module}").render
    return render(result)

"""What people and other programs read of a run: pure functions from frozen values to text."""

from guestwright.reports.formats import FORMATS, format_name, render_report

__all__ = ["FORMATS", "format_name", "render_report"]

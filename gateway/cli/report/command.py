"""`student-graph report`: its options, and what it prints."""

from __future__ import annotations

import argparse
import json
import re
import sys
import textwrap
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from student_graph.adapters.registry import SettingsError
from student_graph.gateway.cli.parser import Commands, printable
from student_graph.gateway.cli.report.as_json import as_json
from student_graph.gateway.cli.report.page import PrintedReport, page_of
from student_graph.gateway.cli.report.sections import sections_of, state_of, title_of
from student_graph.gateway.cli.report.shown import ShownDisclosures, shown_disclosures
from student_graph.gateway.cli.terminal import print_table
from student_graph.gateway.config import settings_file
from student_graph.gateway.server.commands.month import DistrictMonth, MonthOf, district_month

MONTH_PATTERN = re.compile(r"[0-9]{4}-(0[1-9]|1[0-2])")
FIRST_YEAR = "1970"
DESCRIPTION = (
    "Report the service levels of districts in one month: when requests were accepted, how many pages came in "
    "time and whole, how old the shown values were, when sources failed, and how much was disclosed. "
    "It reads the counts that serve writes if service_levels.directory is set, and the record of disclosures. "
    "Nobody is named in it, and small counts of disclosures are not shown."
)
EXAMPLES = """\
examples:
  student-graph report --config gateway.toml --month 2026-11
  student-graph report --config gateway.toml --month 2026-11 --district hill --html november.html
"""


def add_command(commands: Commands) -> None:
    """Add `report` to the command line."""
    command = commands.add_parser(
        "report",
        description=textwrap.fill(DESCRIPTION),
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    command.add_argument("--config", type=Path, metavar="FILE", required=True, help="settings file (TOML)")
    command.add_argument("--month", metavar="YYYY-MM", required=True, help="the month, such as 2026-11")
    command.add_argument("--district", metavar="ID", help="only this district (default: all)")
    command.add_argument(
        "--counts",
        type=Path,
        action="append",
        metavar="DIR",
        help="also read a copy of another host's folder of counts",
    )
    command.add_argument(
        "--record", type=Path, action="append", metavar="DIR", help="also read a copy of another host's record"
    )
    command.add_argument("--json", action="store_true", help="print JSON")
    command.add_argument(
        "--html", type=Path, metavar="FILE", help="also write a page to print: one file, no script"
    )
    command.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """
    Print the reports of the districts; return 1 if counts of them could not be read.

    Raises:
        SettingsError: an option or a setting is wrong, the record cannot be read, or nothing was counted.
    """
    settings, now = settings_file.load(options.config), datetime.now(UTC)
    _check_month(options.month)
    districts = [config for config in settings.districts if options.district in (None, config.id)]
    if not districts:
        known = ", ".join(config.id for config in settings.districts)
        raise SettingsError(f"--district: there is no district {options.district!r}; {options.config} has {known}")
    folder = options.config.parent
    counts = _counts_folders(settings, folder, options.counts or [])
    records = _existing("--record", [folder / settings.disclosure.directory], options.record or [])
    reports: list[tuple[str, str, DistrictMonth]] = []
    for config in districts:
        month = MonthOf(options.month, ZoneInfo(config.time_zone))
        if month.begins > now:
            raise SettingsError(f"--month: {options.month} has not begun in {config.time_zone}")
        objectives = None if config.objectives is None else config.objectives.objectives
        try:
            report = district_month(config.id, month, objectives, directories=counts, records=records, now=now)
        except OSError as exc:  # such as a record that another user owns
            raise SettingsError(f"{exc.filename}: {exc.strerror}") from None
        reports.append((config.id, config.name, report))
    if not any(report.has_counts for _, _, report in reports):
        raise SettingsError(f"--month: nothing was counted in {options.month}")
    _show(options, reports)
    for _, _, report in reports:
        for path in report.unreadable:
            print(printable(f"student-graph: left out, not readable as counts: {path}"), file=sys.stderr)
    return int(any(report.unreadable for _, _, report in reports))


def _check_month(text: str) -> None:
    """
    Check that a text is a month.

    Raises:
        SettingsError: it is none.
    """
    if not MONTH_PATTERN.fullmatch(text) or text < FIRST_YEAR:
        raise SettingsError("--month: must be a month, such as 2026-11")


def _counts_folders(settings: settings_file.Config, folder: Path, copies: Sequence[Path]) -> list[Path]:
    """
    The folders with counts.

    Raises:
        SettingsError: the settings name none, and no copy is named; or a copy is no folder.
    """
    own = settings.service_levels.directory
    if own is None and not copies:
        raise SettingsError(
            "service_levels.directory: is not set, so nothing is counted; set it and restart, or name --counts"
        )
    return _existing("--counts", [] if own is None else [folder / own], copies)


def _existing(option: str, own: Sequence[Path], copies: Sequence[Path]) -> list[Path]:
    """
    The folder of this host, which may be empty, and copies of those of others.

    Raises:
        SettingsError: a copy is no folder.
    """
    for path in copies:
        if not path.is_dir():
            raise SettingsError(f"{option}: {path} is no folder")
    return [*own, *copies]


def _show(options: argparse.Namespace, reports: Sequence[tuple[str, str, DistrictMonth]]) -> None:
    """
    Print the reports and write the page.

    Raises:
        SettingsError: the page cannot be written.
    """
    shown = [_shown(report) for _, _, report in reports]
    printed = [
        PrintedReport(title_of(report, name), state_of(report), sections_of(report, disclosures))
        for (_, name, report), disclosures in zip(reports, shown, strict=True)
    ]
    if options.html is not None:
        try:
            options.html.write_text(page_of(printed), encoding="utf-8")
        except OSError as exc:
            raise SettingsError(f"--html: {options.html}: {exc.strerror}") from None
    if options.json:
        rows = [
            as_json(district, name, report, disclosures)
            for (district, name, report), disclosures in zip(reports, shown, strict=True)
        ]
        print(json.dumps({"month": options.month, "districts": rows}, indent=2))
        return
    for report in printed:
        _print(report)
    if options.html is not None:
        print(printable(f"page: {options.html}"))


def _shown(report: DistrictMonth) -> ShownDisclosures | None:
    return None if report.disclosures is None else shown_disclosures(report.disclosures)


def _print(report: PrintedReport) -> None:
    print(printable(report.title))
    print(printable(report.state))
    for section in report.sections:
        print(f"\n{printable(section.title)}")
        for sentence in section.sentences:
            print(printable(sentence))
        if section.headings:
            print_table([heading.upper() for heading in section.headings], [list(row) for row in section.rows])
    print()

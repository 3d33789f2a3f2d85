"""The report of a month: its numbers by hand, what it hides, and what it says to wrong input."""

from __future__ import annotations

import json
import re
import shutil
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from student_graph.gateway.cli.printed.page import CONTENT_SECURITY_POLICY
from student_graph.gateway.cli.report.shown import percent
from student_graph.gateway.server.commands.month import MonthOf, district_month
from student_graph.gateway.telemetry.levels.counts import HourCounts, PageCounts
from student_graph.gateway.telemetry.levels.store import CountFiles, write
from tests.gateway.cli.report.example import BEGIN, DISTRICT, MONTH, PAGE, SETTINGS, Month, page_with
from tests.gateway.servers import run_here

SCHOOL_DAYS, SCHOOL_HOURS, WORKERS = 23, 7, 2
"""Of October 2025, as a calendar has them."""
PAGES = SCHOOL_DAYS * SCHOOL_HOURS * WORKERS * 500


@pytest.fixture(scope="module")
def month(tmp_path_factory: pytest.TempPathFactory) -> Month:
    """A made-up month."""
    month = Month(tmp_path_factory.mktemp("gateway"))
    month.write()
    return month


@pytest.fixture
def own_month(month: Month, tmp_path: Path) -> Month:
    """A copy of it that a test may change."""
    folder = tmp_path / "gateway"
    shutil.copytree(month.folder, folder)
    return Month(folder)


def as_json(month: Month, *arguments: str) -> dict[str, Any]:
    """The report of the district as JSON."""
    [report] = json.loads(month.report("--json", *arguments))["districts"]
    assert report["id"] == DISTRICT
    return dict(report)


def error_of(month: Month, *arguments: str, config: Path | None = None) -> str:
    """The line that the command prints when it refuses its arguments."""
    finished = run_here("report", "--config", str(config or month.config), *arguments)
    assert (finished.returncode, finished.stdout) == (2, "")
    [line] = finished.stderr.splitlines()
    return line.removeprefix("student-graph: ")


def test_the_example_in_the_docs_is_what_the_command_prints(month: Month) -> None:
    """`python -m tests.gateway.cli.report.example` writes it into service-levels.md."""
    text = PAGE.read_text(encoding="utf-8")
    assert BEGIN in text
    assert text == page_with(month.report())


def test_numbers_cover_the_month_in_the_time_zone_of_the_district(month: Month) -> None:
    """By hand: 500 pages in each school hour of each worker, 5 slow, 60 in part in two hours of an outage."""
    report = as_json(month)
    pages = {row["objective"]: row for row in report["pages"]["objectives"]}

    assert report["pages"]["pages"] == PAGES == 161_000
    assert pages["in_time"]["missed"] == PAGES // 100
    assert pages["in_time"]["budgetUsed"] == pytest.approx(0.01 / 0.05)
    assert pages["answered"]["missed"] == 0
    assert pages["complete"]["missed"] == 60 * 2 * WORKERS
    assert report["pages"]["half"] == 0.05
    assert report["availability"]["minutes"] == 31 * 24 * 60
    assert report["availability"]["minutesReady"] == 31 * 24 * 60 - 5
    [stopped] = report["availability"]["notReady"]
    assert (stopped["from"], stopped["until"]) == ("2025-10-22T03:10+00:00", "2025-10-22T03:15+00:00")


def test_a_source_is_reported_with_its_hours_of_failure_and_the_ages_of_its_values(month: Month) -> None:
    """Two hours that follow each other are one time."""
    lms, sis = as_json(month)["sources"]
    [failing] = lms["failing"]
    hours = SCHOOL_DAYS * SCHOOL_HOURS * WORKERS

    assert (lms["name"], lms["lookups"], lms["failed"]) == ("lms", hours * 200, 90 * 2 * WORKERS)
    assert (failing["from"], failing["until"]) == ("2025-10-14T15:00+00:00", "2025-10-14T17:00+00:00")
    assert (failing["failed"], failing["lookups"], failing["codes"]) == (360, 800, ["SOURCE_UNAVAILABLE"])
    assert (sis["failed"], sis["failing"]) == (0, [])
    assert lms["stale"] == 300 * 2 * WORKERS
    assert sum(row["times"] for row in sis["ages"]) == hours * 2_000


def test_disclosures_are_counted_by_role_and_class_and_small_counts_are_not_shown(month: Month) -> None:
    """Four answers about meals are hidden, and no hidden count is the only one in its row or its column."""
    report = as_json(month)["disclosures"]
    rows = {row["role"]: row for row in report["roles"]}

    assert (report["answers"], report["records"], report["breakGlass"]) == (76, 60 * 9 + 12 * 5 + 4, None)
    assert rows["TEACHER"]["answers"] == 60
    assert rows["TEACHER"]["classes"]["OPEN"] == 60 * 7
    assert rows["SUPPORT_STAFF"] == {
        "role": "SUPPORT_STAFF",
        "answers": None,
        "records": None,
        "classes": {"CONTACT": None, "MEAL": None, "OPEN": None, "PII": None},
    }
    hidden = [sum(value is None for value in (row["answers"],)) for row in rows.values()]
    assert sum(hidden) >= 2
    for name in ("CONTACT", "MEAL", "OPEN", "PII"):
        column = [row["classes"][name] for row in rows.values()]
        assert column.count(None) != 1
    for row in rows.values():
        assert row["records"] is None or list(row["classes"].values()).count(None) != 1


def test_a_disclosure_belongs_to_the_month_in_the_districts_time_and_to_its_district(own_month: Month) -> None:
    """The month ends at six o'clock in UTC; a repeated line has the counts of the line that it names."""
    full = {"tenant": DISTRICT, "actor": {"role": "TEACHER"}, "counts": {"OPEN": [30]}, "count": 30}
    opening = {"tenant": DISTRICT, "actor": {"role": "COUNSELOR"}, "opening": {"reason": "x"}, "count": 0}
    lines: list[dict[str, object]] = [
        {"id": "1", "ts": "2025-11-01T05:59:59.999Z", **full},
        {"id": "2", "ts": "2025-11-01T06:00:00.000Z", "tenant": DISTRICT, "same": "1", "count": 30},
        {"id": "3", "ts": "2025-11-01T05:00:00.000Z", **full, "tenant": "dale"},
        {
            "id": "4",
            "ts": "2025-11-01T05:00:00.000Z",
            "tenant": DISTRICT,
            "actor": {"role": "TEACHER"},
            "count": 20,
        },
        *({"id": str(n), "ts": "2025-10-31T10:00:00.000Z", **opening} for n in range(10, 20)),
        {"id": "20", "ts": "2025-10-31T10:00:00.000Z", **opening, "tenant": "dale", "x": {"tenant": DISTRICT}},
    ]
    own_month.write_record([], "disclosure-20251014T060000Z-5a5a5a5a")
    own_month.write_record(lines, "disclosure-20251031T060000Z-6b6b6b6b")
    partial = own_month.folder / "disclosures" / "disclosure-20251031T070000Z-7c7c7c7c.jsonl"
    partial.write_bytes(b'{"id":"9","ts":"2025-10-31T10:00:00.000Z","tenant":"grand-bend","count":5')

    report = as_json(own_month)["disclosures"]

    assert (report["answers"], report["records"], report["breakGlass"]) == (None, 50, 10)
    assert report["roles"][0]["records"] == 50


def test_a_page_belongs_to_the_month_in_the_districts_time(own_month: Month) -> None:
    """The first and the last hour of it count, and the hours beside them do not."""
    files = CountFiles(own_month.folder / "service-levels", 3)
    page = HourCounts(pages=PageCounts(failed=1))
    for day, hours in ((date(2025, 10, 1), (5, 6)), (date(2025, 11, 1), (5, 6))):
        write(files.path(DISTRICT, day), files.encode(DISTRICT, day, dict.fromkeys(hours, page)))
    assert as_json(own_month)["pages"]["failed"] == 2


def test_pages_of_the_present_hour_count_from_its_first_minute(tmp_path: Path) -> None:
    """Whether requests were accepted is known some minutes later, so no minute of it is counted yet."""
    files, day = CountFiles(tmp_path, 1), date(2025, 10, 14)
    counts = HourCounts(pages=PageCounts(failed=7), minutes=0b1)
    write(files.path(DISTRICT, day), files.encode(DISTRICT, day, {15: counts}))
    month_of = MonthOf("2025-10", ZoneInfo("America/Denver"))
    now = datetime(2025, 10, 14, 15, 1, tzinfo=UTC)

    report = district_month(DISTRICT, month_of, None, directories=[tmp_path], records=[], now=now)

    assert (report.pages.pages, report.minutes, report.not_ready, report.has_counts) == (7, 0, [], True)


def test_folders_of_other_hosts_are_added_and_a_copy_counts_once(own_month: Month, tmp_path: Path) -> None:
    """Counts and record of another host, copied here; and by mistake this host's own ones again."""
    other = Month(tmp_path / "other")
    other.folder.mkdir()
    other.write()
    copies = ["--counts", str(other.folder / "service-levels"), "--record", str(other.folder / "disclosures")]
    again = [
        "--counts",
        str(own_month.folder / "service-levels"),
        "--record",
        str(own_month.folder / "disclosures"),
    ]

    report = as_json(own_month, *copies, *again)

    assert report["pages"]["pages"] == 2 * PAGES
    assert report["availability"]["notReady"] == as_json(own_month)["availability"]["notReady"]
    assert report["disclosures"]["answers"] == 76  # the made-up record has the same name on both


def test_the_page_is_one_file_that_loads_nothing_and_is_read_aloud_well(month: Month, tmp_path: Path) -> None:
    """One heading of the first level, tables with captions and headed rows and columns, no script, no address."""
    path = tmp_path / "october.html"
    month.report("--html", str(path))
    text = path.read_text(encoding="utf-8")

    assert text.startswith('<!doctype html>\n<html lang="en">')
    assert f'content="{CONTENT_SECURITY_POLICY}"' in text.replace("&#x27;", "'").replace("&apos;", "'")
    assert not re.search(r"<(script|img|link|iframe|object)|https?:|url\(|@import", text)
    assert text.count("<h1>") == 1
    assert text.count("<table>") == text.count("<caption>") == 4
    assert text.count('scope="row"') == text.count("<tr>") - 4
    for line in ("161,000 pages.", "October 14, 09:00 to 11:00 (SOURCE_UNAVAILABLE)", "99.85 %"):
        assert line in text


def test_a_name_is_text_on_the_page_and_cannot_move_the_cursor(own_month: Month, tmp_path: Path) -> None:
    """Names of the settings are shown as they are, whatever is in them."""
    own_month.config.write_text(SETTINGS.replace("Grand Bend ISD", "<script>x</script> \\u001b[2J ISD"))
    path = tmp_path / "page.html"
    printed = own_month.report("--html", str(path))
    assert "\x1b" not in printed
    assert "<script" not in path.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--month", "November"], "--month: must be a month, such as 2026-11"),
        (["--month", "2025-13"], "--month: must be a month, such as 2026-11"),
        (["--month", "2025-1"], "--month: must be a month, such as 2026-11"),
        (["--month", "2025-10-01"], "--month: must be a month, such as 2026-11"),
        (["--month", "0001-01"], "--month: must be a month, such as 2026-11"),
        (["--month", "9999-12"], "--month: 9999-12 has not begun in America/Denver"),
        (["--month", "2021-03"], "--month: nothing was counted in 2021-03"),
        (["--month", MONTH, "--district", "dale"], "--district: there is no district 'dale'; "),
        (["--month", MONTH, "--counts", "/no/such"], "--counts: /no/such is no folder"),
        (["--month", MONTH, "--record", "/no/such"], "--record: /no/such is no folder"),
        (["--month", MONTH, "--html", "/no/such/page"], "--html: /no/such/page: No such file or directory"),
    ],
)
def test_wrong_input_is_one_line(month: Month, arguments: list[str], message: str) -> None:
    """It says what to change."""
    assert error_of(month, *arguments).startswith(message)


def test_settings_that_count_nothing_are_named(month: Month, tmp_path: Path) -> None:
    """The setting is what is missing, and not the month."""
    config = tmp_path / "gateway.toml"
    config.write_text(SETTINGS.replace('directory = "service-levels"', ""))
    assert error_of(month, "--month", MONTH, config=config).startswith("service_levels.directory: is not set")


def test_a_file_that_cannot_be_read_is_left_out_and_named(own_month: Month) -> None:
    """The exit status says so, and the rest is reported."""
    bad = own_month.folder / "service-levels" / DISTRICT / "counts-20251015-w1-00000000.json"
    bad.write_text('{"v":1')
    finished = run_here("report", "--config", str(own_month.config), "--month", MONTH)
    assert finished.returncode == 1
    assert finished.stderr == f"student-graph: left out, not readable as counts: {bad}\n"
    assert "161,000 pages." in finished.stdout


def test_a_record_that_cannot_be_read_is_named(own_month: Month) -> None:
    """As one that another user owns; a report without it would say that little was disclosed."""
    unreadable = own_month.folder / "disclosures" / "disclosure-20251015T060000Z-0f0f0f0f.jsonl"
    unreadable.mkdir()
    assert error_of(own_month, "--month", MONTH) == f"{unreadable}: Is a directory"


def test_few_pages_have_no_shares(own_month: Month) -> None:
    """Neither their number nor what share of them was good."""
    for path in (own_month.folder / "service-levels" / DISTRICT).iterdir():
        content = json.loads(path.read_text())
        for hour in content["hours"].values():
            hour["pages"] = {**hour["pages"], "answered": [0] * 14, "complete": 0}
        path.write_text(json.dumps(content))
    printed = own_month.report()
    assert "Fewer than ten pages: too few for shares of them." in printed
    assert as_json(own_month)["pages"] == {"pages": None, "failed": None, "objectives": []}


@pytest.mark.parametrize(
    ("share", "text"), [(1.0, "100.00 %"), (0.999999, "99.99 %"), (0.9985, "99.85 %"), (0.0, "0.00 %")]
)
def test_a_share_below_all_is_never_shown_as_all(share: float, text: str) -> None:
    """One failed page of a million is not none."""
    assert percent(share) == text

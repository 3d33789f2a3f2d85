"""
Certificates of the adapters of this project, in docs/certificates. Run as `make certificates`.

By default a sample of the cases is run, as in the everyday tests; all of them take hours (`CASES=all`).
"""

from __future__ import annotations

import sys
from pathlib import Path

from student_graph.adapters.certificates.certificate import read_certificate
from student_graph.gateway.cli.main import main

ROOT = Path(__file__).parents[1]
FOLDER = ROOT / "docs" / "certificates"
SUITES = {
    "aeries": "aeries/test_conformance.py",
    "canvas": "canvas/test_conformance.py::TestCanvas",
    "clever": "clever/test_conformance.py",
    "edfi": "edfi/test_conformance.py::TestEdFi",
    "files": "files/test_conformance.py::TestFiles",
    "google_classroom": "google_classroom/test_conformance.py::TestGoogleClassroom",
    "moodle": "moodle/test_conformance.py",
    "oneroster": "oneroster/test_conformance.py::TestPublished12",
    "oneroster_files": "files/test_rosters.py::TestRosterFiles",
    "powerschool": "powerschool/test_conformance.py",
    "schoology": "schoology/test_conformance.py",
}
"""The test of each adapter, in tests/adapters."""
TABLE = "| adapter | tier | passed | exempt | inapplicable | lookups |\n|---|---|--:|--:|--:|--:|\n"


def write_certificates(names: list[str], options: list[str]) -> int:
    """Certify adapters of this project one after the other; return how many failed."""
    failed = 0
    for name in names or sorted(SUITES):
        suite = ["--suite", str(ROOT / "tests" / "adapters" / SUITES[name]), "--output", str(FOLDER)]
        try:
            main(["adapters", "certify", name, *suite, *options])
        except SystemExit as stop:
            failed += bool(stop.code)
    write_table()
    return failed


def write_table() -> None:
    """Write the table of certificates at the end of the page about them."""
    page = FOLDER / "README.md"
    text = page.read_text()
    rows = [read_certificate(file).certificate for file in sorted(FOLDER.glob("*.json"))]
    lines = [
        f"| [{c.adapter}]({c.adapter}.md) | {c.tier} | {c.count('passed')} | {c.count('exempt')} | "
        f"{c.count('inapplicable')} | {len(c.capabilities)} |\n"
        for c in rows
    ]
    page.write_text(text[: text.index(TABLE)] + TABLE + "".join(lines))


if __name__ == "__main__":
    arguments = sys.argv[1:]
    sys.exit(write_certificates([a for a in arguments if a in SUITES], [a for a in arguments if a not in SUITES]))

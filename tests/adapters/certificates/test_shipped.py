"""The certificates in docs/certificates are those of the adapters as they are; `make certificates` writes them."""

from __future__ import annotations

import re
from importlib.metadata import version
from pathlib import Path

from student_graph.adapters.certificates.certificate import Tier, read_certificate
from student_graph.adapters.certificates.pages import html, markdown
from student_graph.adapters.registry import declared_contract, find_adapter
from student_graph.gateway.cli.authors.certify import access_paths
from tests.certificates import FOLDER, SUITES
from tests.subcases import subcases

FILES = sorted(FOLDER.glob("*.json"))


@subcases("file", FILES, ids=lambda file: file.stem)
def test_a_certificate_describes_the_shipped_adapter(file: Path) -> None:
    """Version, contract, lookups and ways are those of the adapter; it reached silver, and no test failed."""
    certificate = read_certificate(file).certificate
    adapter = find_adapter(file.stem)

    assert (certificate.adapter, certificate.version) == (file.stem, version("student-graph"))
    assert certificate.contract == declared_contract(adapter)
    assert list(certificate.capabilities) == [lookup.name for lookup in adapter.capabilities()]
    assert certificate.access_paths == access_paths(adapter)
    assert certificate.tier.rank >= Tier.SILVER.rank
    assert certificate.count("failed") == 0
    assert certificate.count("passed") > 0


@subcases("file", FILES, ids=lambda file: file.stem)
def test_silver_has_a_recording_that_replays(file: Path) -> None:
    """Each adapter that asks over HTTP was recorded against its sandbox; one that reads files says why not."""
    criteria = read_certificate(file).certificate.criteria
    [recordings] = [criterion for criterion in criteria if criterion.name == "has recordings"]

    if find_adapter(file.stem).uses_http:
        assert recordings.met
        assert re.fullmatch("of its sandbox: [0-9]+ requests, [0-9]+ lookups replayed", recordings.evidence)
    else:
        assert recordings.met is None
        assert recordings.evidence.startswith("inapplicable: ")


@subcases("file", FILES, ids=lambda file: file.stem)
def test_the_pages_show_the_certificate(file: Path) -> None:
    """Markdown and HTML are written from the JSON."""
    signed = read_certificate(file)

    assert file.with_suffix(".md").read_text() == markdown(signed)
    assert file.with_suffix(".html").read_text() == html(signed)


def test_the_list_has_every_certificate_with_its_tier() -> None:
    """docs/certificates/README.md has a row for each certificate."""
    rows = re.findall(r"^\| \[(\w+)\]\((\w+)\.md\) \| (\w+) \|", (FOLDER / "README.md").read_text(), re.MULTILINE)
    tiers = {file.stem: read_certificate(file).certificate.tier for file in FILES}

    assert {name: tier for name, link, tier in rows if name == link} == tiers
    assert tiers.keys() <= SUITES.keys()

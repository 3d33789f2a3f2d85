"""The GraphiQL page and its example documents."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from graphql import parse, validate

from student_graph.gateway.server.service import Service
from student_graph.gateway.web.admission import Purposes
from student_graph.gateway.web.routes.graphiql import EXAMPLE_FOLDERS, GraphiQLPage
from student_graph.resolvers.schema import core_schema, make_schema
from tests.gateway.servers import client_for
from tests.subcases import subcases

DOCUMENTS = sorted(EXAMPLE_FOLDERS[-1].glob("*.graphql"))


@pytest.fixture
def client_without_build(tmp_path: Path) -> Iterator[httpx.Client]:
    """A client of a gateway whose GraphiQL is not built."""
    with client_for(Service([], {}, GraphiQLPage(build_folder=tmp_path)).app()) as http:
        yield http


def test_a_page_that_is_not_built_says_how_to_build_it(client_without_build: httpx.Client) -> None:
    """Queries are answered all the same."""
    page = client_without_build.get("/graphql", headers={"Accept": "text/html"})

    assert page.status_code == 200
    assert "built without Node: run <code>make graphiql</code>" in page.text
    assert client_without_build.post("/graphql", json={"query": "{ viewer { role } }"}).status_code == 401


def test_without_the_setting_there_is_no_page() -> None:
    """`serve` offers GraphiQL only if the settings switch it on."""
    with client_for(Service([], {}).app()) as http:
        assert http.get("/graphql", headers={"Accept": "text/html"}).status_code == 405
        assert http.get("/graphql/examples.json").status_code == 404


def test_examples_have_titles_and_variables(tmp_path: Path) -> None:
    """The first comment is the title; a document gets values for the variables that it declares, and no others."""
    (tmp_path / "b.graphql").write_text("query B { viewer { role } }")
    (tmp_path / "a.graphql").write_text("# One student\nquery A($id: ID!) { student(id: $id) { id } }")
    with client_for(Service([], {}, GraphiQLPage(tmp_path, tmp_path, {"id": "7", "school": "8"})).app()) as http:
        examples = http.get("/graphql/examples.json").json()

    assert [(example["name"], example["title"], example["variables"]) for example in examples] == [
        ("a", "One student", {"id": "7"}),
        ("b", "b", {}),
    ]
    assert examples[1]["query"] == "query B { viewer { role } }"


def test_a_browser_may_cache_assets_but_not_the_page(tmp_path: Path) -> None:
    """An asset's name changes with its contents; the page names the current assets."""
    (tmp_path / "assets").mkdir()
    (tmp_path / "assets" / "main-abc.js").write_text("1")
    (tmp_path / "index.html").write_text("<!doctype html>")
    with client_for(Service([], {}, GraphiQLPage(build_folder=tmp_path)).app()) as http:
        asset = http.get("/graphql/assets/main-abc.js")
        page = http.get("/graphql", headers={"Accept": "text/html"})
        outside = http.get("/graphql/assets/..%2findex.html")

    assert "immutable" in asset.headers["cache-control"]
    assert page.headers["cache-control"] == "private, no-store"
    assert outside.status_code == 404


def test_only_what_has_the_nonce_of_the_page_is_loaded(tmp_path: Path) -> None:
    """Scripts and style sheets get a new nonce each time; the policy allows nothing inline and no other host."""
    (tmp_path / "index.html").write_text('<script nonce="NONCE-OF-THE-PAGE"></script>')
    with client_for(Service([], {}, GraphiQLPage(build_folder=tmp_path)).app()) as http:
        pages = [http.get("/graphql", headers={"Accept": "text/html"}) for _ in range(2)]
    nonces = [page.text.split('"')[1] for page in pages]
    policies = [
        dict(directive.strip().split(" ", 1) for directive in page.headers["content-security-policy"].split(";"))
        for page in pages
    ]

    assert len(set(nonces)) == 2
    assert min(map(len, nonces)) >= 20
    for nonce, policy in zip(nonces, policies, strict=True):
        assert policy["script-src"] == policy["style-src-elem"] == f"'nonce-{nonce}'"
        assert (policy["default-src"], policy["connect-src"], policy["worker-src"]) == (
            "'none'",
            "'self'",
            "'self'",
        )


@pytest.mark.parametrize(
    "purposes", [Purposes(), Purposes(frozenset({"safety", "instruction"}), required=True)], ids=["any", "known"]
)
def test_the_page_learns_which_purposes_requests_may_state(tmp_path: Path, purposes: Purposes) -> None:
    """Those of the settings in order, or none for any text; and whether one must be stated."""
    with client_for(Service([], {}, GraphiQLPage(build_folder=tmp_path), purposes=purposes).app()) as http:
        content = http.get("/graphql/purposes.json").json()

    assert content == {"known": sorted(purposes.known), "required": purposes.required}


@subcases("path", DOCUMENTS, ids=lambda path: path.stem)
def test_the_example_documents_are_valid(path: Path) -> None:
    """A document that GraphiQL offers can be executed unchanged."""
    assert validate(core_schema(make_schema()), parse(path.read_text())) == []
    assert path.read_text().startswith("# ")

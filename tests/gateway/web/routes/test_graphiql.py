"""The page of GraphiQL and the documents at hand."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from graphql import parse, validate
from starlette.applications import Starlette

from student_graph.gateway.server import Service
from student_graph.gateway.web.routes.graphiql import EXAMPLE_FOLDERS, GraphiQLPage
from student_graph.resolvers.schema import make_schema
from tests.gateway.servers import answering

DOCUMENTS = sorted(EXAMPLE_FOLDERS[-1].glob("*.graphql"))


@pytest.fixture
def unbuilt(tmp_path: Path) -> Iterator[httpx.Client]:
    """A gateway whose GraphiQL was not built."""
    with answering(Service([], {}, GraphiQLPage(built=tmp_path)).app()) as http:
        yield http


def test_a_checkout_without_node_says_so(unbuilt: httpx.Client) -> None:
    """The page says what to run, and queries are answered all the same."""
    page = unbuilt.get("/graphql", headers={"Accept": "text/html"})

    assert page.status_code == 200
    assert "built without Node: run <code>make graphiql</code>" in page.text
    assert unbuilt.post("/graphql", json={"query": "{ viewer { role } }"}).status_code == 401


def test_without_an_explorer_there_is_no_page() -> None:
    """`serve` shows it to a browser only where the settings say so."""
    app: Starlette = Service([], {}).app()
    with answering(app) as http:
        assert http.get("/graphql", headers={"Accept": "text/html"}).status_code == 405
        assert http.get("/graphql/examples.json").status_code == 404


def test_examples_come_with_their_titles_and_variables(tmp_path: Path) -> None:
    """The first comment is the title; a document gets the variables that it declares, and no others."""
    (tmp_path / "b.graphql").write_text("query B { viewer { role } }")
    (tmp_path / "a.graphql").write_text("# One student\nquery A($id: ID!) { student(id: $id) { id } }")
    with answering(Service([], {}, GraphiQLPage(tmp_path, tmp_path, {"id": "7", "school": "8"})).app()) as http:
        served = http.get("/graphql/examples.json").json()

    assert [(each["name"], each["title"], each["variables"]) for each in served] == [
        ("a", "One student", {"id": "7"}),
        ("b", "b", {}),
    ]
    assert served[1]["query"] == "query B { viewer { role } }"


def test_assets_may_be_kept_and_the_page_may_not(tmp_path: Path) -> None:
    """An asset's name changes with its contents; the page names the assets of today."""
    (tmp_path / "assets").mkdir()
    (tmp_path / "assets" / "main-abc.js").write_text("1")
    (tmp_path / "index.html").write_text("<!doctype html>")
    with answering(Service([], {}, GraphiQLPage(built=tmp_path)).app()) as http:
        asset = http.get("/graphql/assets/main-abc.js")
        page = http.get("/graphql", headers={"Accept": "text/html"})
        outside = http.get("/graphql/assets/..%2findex.html")

    assert "immutable" in asset.headers["cache-control"]
    assert page.headers["cache-control"] == "private, no-store"
    assert outside.status_code == 404


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.stem)
def test_the_example_documents_fit_the_schema(path: Path) -> None:
    """A document that an explorer is offered runs as it stands."""
    schema = make_schema()._schema

    assert validate(schema, parse(path.read_text())) == []
    assert path.read_text().startswith("# ")

"""
`python -m tests.gateway.documents.examples.answers`: each document of examples/queries, answered by the demo.

Each document is sent to a gateway with an empty cache, as the person for whom it is written, and then once more.
The sandboxes of the demo's district are real servers on loopback addresses, in this process: seconds include their
work.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from student_graph.adapters.sandbox.serving import served
from student_graph.gateway.demo.districts import DemoDistrict
from tests.gateway.documents.examples.questions import FOLDER, QUESTIONS
from tests.patience import OPERATION_SECONDS
from tests.scenarios.helpers.demo_gateway import DemoGateway, demo_districts, demo_gateway, missing_parts

DEFAULT_LATENCY_MS = 150.0
DEFAULT_STUDENT_COUNT = 300
TOKEN_PATH = "/oauth/"
"""In the paths of requests for a vendor's token, which are not counted as vendor calls."""


@dataclass(frozen=True)
class Answer:
    """What a document returned, and what that took."""

    document: str
    viewer: str
    question: str
    """First line of the document."""
    calls: int
    """Requests to vendors while nothing is cached, without those for tokens."""
    seconds: float
    """Seconds until the response while nothing is cached."""
    calls_again: int
    """Requests to vendors of the same document once more."""
    seconds_again: float
    figures: str
    """Key figures of the response."""
    errors: Mapping[str, int]
    """Number of missing parts of the response by error code."""
    unexpected: bool
    """Whether there is a code that the document is not known for."""


def answers(district: DemoDistrict, names: Sequence[str], latency: float) -> Iterator[Answer]:
    """
    Yield the answers of a demo district to documents.

    Args:
        district: its sandboxes are served here.
        names: the documents, such as `05-teachers-day`.
        latency: milliseconds that each vendor takes to respond.
    """
    with served(*district.sandboxes.values()):
        for sandbox in district.sandboxes.values():
            sandbox.switches.latency = latency
        for name in names:
            with demo_gateway([district]) as gateway:
                yield _answer(gateway, district, name)


def _answer(gateway: DemoGateway, district: DemoDistrict, name: str) -> Answer:
    """Send a document twice."""
    question = QUESTIONS[name]
    _post(gateway, question.viewer, "{ __typename }", {})  # what a process does once is not measured
    if question.after is not None:
        _send(gateway, district, question.after)
    _take_calls(district)
    response, seconds = _send(gateway, district, name)
    calls = _take_calls(district)
    _, seconds_again = _send(gateway, district, name)
    codes = dict(Counter(part["code"] for part in missing_parts(response)))
    return Answer(
        document=name,
        viewer=question.viewer,
        question=document(name).partition("\n")[0].removeprefix("# "),
        calls=calls,
        seconds=seconds,
        calls_again=_take_calls(district),
        seconds_again=seconds_again,
        figures=question.key_figures(response["data"]),
        errors=codes,
        unexpected=not codes.keys() <= question.codes,
    )


def document(name: str) -> str:
    """The text of a document."""
    return (FOLDER / f"{name}.graphql").read_text("utf-8")


def _send(gateway: DemoGateway, district: DemoDistrict, name: str) -> tuple[dict[str, Any], float]:
    """Send a document as its viewer; return the response and its seconds."""
    question, query = QUESTIONS[name], document(name)
    return _post(gateway, question.viewer, query, question.all_variables(query, district))


def _post(
    gateway: DemoGateway, viewer: str, query: str, variables: Mapping[str, Any]
) -> tuple[dict[str, Any], float]:
    """Send a query; return the response and its seconds."""
    started = time.perf_counter()
    response = gateway.client.post(
        "/graphql",
        json={"query": query, "variables": variables},
        headers={"Authorization": f"Bearer {gateway.tokens[viewer]}"},
        timeout=2 * OPERATION_SECONDS,
    )
    return response.json(), time.perf_counter() - started


def _take_calls(district: DemoDistrict) -> int:
    """Count the requests that reached the sandboxes since the last call."""
    calls = 0
    for sandbox in district.sandboxes.values():
        calls += sum(TOKEN_PATH not in request for request in sandbox.requests)
        sandbox.requests.clear()
    return calls


COLUMNS = "{:<23}  {:<14}  {:>5}  {:>6}  {:>7}  {:<100}  {:<18}  {}"
HEAD = COLUMNS.format("document", "viewer", "calls", "cold s", "again s", "answer", "errors", "question")


def table_line(answer: Answer) -> str:
    """A line of the table."""
    errors = ", ".join(f"{number} {code}" for code, number in sorted(answer.errors.items()))
    return COLUMNS.format(
        answer.document,
        answer.viewer,
        answer.calls,
        f"{answer.seconds:.2f}",
        f"{answer.seconds_again:.3f}",
        answer.figures,
        errors or "none",
        answer.question,
    )


def main(arguments: list[str] | None = None) -> int:
    """Print the answers; the exit status is 1 if one has errors that its document is not known for."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.gateway.documents.examples.answers", description=__doc__.split("\n\n")[0].strip()
    )
    parser.add_argument(
        "names",
        nargs="*",
        metavar="TEXT",
        help="documents with one of these texts in their name (default: all)",
    )
    parser.add_argument(
        "--latency",
        type=float,
        default=DEFAULT_LATENCY_MS,
        metavar="MS",
        help="milliseconds that each vendor takes to respond (default: 150)",
    )
    parser.add_argument(
        "--students",
        type=int,
        default=DEFAULT_STUDENT_COUNT,
        metavar="N",
        help="number of students of the district (default: 300)",
    )
    parser.add_argument("--json", action="store_true", help="print JSON in place of the table")
    options = parser.parse_args(arguments)
    [district] = demo_districts("edfi", students=options.students)
    names = [
        name for name in sorted(QUESTIONS) if not options.names or any(part in name for part in options.names)
    ]
    printed = []
    if not options.json:
        print(HEAD)
    for answer in answers(district, names, options.latency):
        printed.append(answer)
        if not options.json:
            print(table_line(answer), flush=True)
    if options.json:
        print(json.dumps([asdict(answer) for answer in printed], indent=1))
    return int(any(answer.unexpected for answer in printed))


if __name__ == "__main__":
    sys.exit(main())

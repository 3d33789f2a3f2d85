"""Changes to graphql-core and Strawberry that apply to the whole process."""

from __future__ import annotations

import logging
from importlib import import_module
from typing import Any

from student_graph.gateway.concurrency.pauses import pause
from student_graph.gateway.documents.validation import PausingVisitor

MAX_OVERLAPPING_FIELDS_COMPLEXITY = 10_000
"""
Work of comparing fields with one name before validation refuses a document; a pair is two of it.

It takes about 15 ms of processor time. graphql-core's own limit is 50 times higher.
"""
_overlapping_fields = import_module("graphql.validation.rules.overlapping_fields_can_be_merged")
_spend_budget = vars(_overlapping_fields)["spend_complexity_budget"]


def harden_graphql_core() -> None:
    """
    Make graphql-core and Strawberry safe for documents of unknown clients, in the whole process.

    Three things change, because neither library has a setting for them:

    - The rule that overlapping fields must be mergeable gives up sooner. It compares fields pair by pair, and with
      graphql-core's own limit a small document blocks the event loop for half a second.
    - The same rule lets others run between two comparisons, and the search for variables between two nodes.
    - Strawberry logs no execution errors. It would log the document and the text of each exception, which may
      hold a client's data; `gateway.web.errors` decides what is logged.

    Call it before the first document is validated. Calling it again changes nothing.
    """
    vars(_overlapping_fields)["MAX_COMPLEXITY_BUDGET"] = MAX_OVERLAPPING_FIELDS_COMPLEXITY
    vars(_overlapping_fields)["spend_complexity_budget"] = _spend_budget_with_pause
    vars(import_module("graphql.validation.validation_context"))["TypeInfoVisitor"] = PausingVisitor
    logging.getLogger("strawberry.execution").addFilter(_refuse_all)


def _spend_budget_with_pause(rule_context: Any, cost: int) -> None:
    pause()
    _spend_budget(rule_context, cost)


def _refuse_all(_record: logging.LogRecord) -> bool:
    return False

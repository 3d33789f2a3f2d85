"""The adapter kit: everything that a vendor adapter needs to import."""

from student_graph.adapters import model
from student_graph.adapters.contract import (
    CONTRACT_VERSION,
    AccessPath,
    Adapter,
    AdapterSettings,
    Batch,
    CallCost,
    Page,
    StudentFilter,
    Window,
)
from student_graph.adapters.errors import (
    AdapterError,
    BadKeyError,
    ForbiddenError,
    IdentityError,
    NotOfferedError,
    PayloadError,
    RefusedError,
    UnavailableError,
    translate,
)
from student_graph.adapters.identity import IdentityRule, IdentityRules
from student_graph.adapters.model import *  # noqa: F403 - all records are part of the contract

__all__ = [
    "CONTRACT_VERSION",
    "AccessPath",
    "Adapter",
    "AdapterError",
    "AdapterSettings",
    "BadKeyError",
    "Batch",
    "CallCost",
    "ForbiddenError",
    "IdentityError",
    "IdentityRule",
    "IdentityRules",
    "NotOfferedError",
    "Page",
    "PayloadError",
    "RefusedError",
    "StudentFilter",
    "UnavailableError",
    "Window",
    "translate",
]
__all__ += model.__all__

"""The record of who saw what: append-only, chained, signed, and without a value of what was seen."""

from student_graph.gateway.disclosure.disclosing import Disclosing
from student_graph.gateway.disclosure.entries import Entry, ages_of
from student_graph.gateway.disclosure.errors import UnwritableError
from student_graph.gateway.disclosure.log import DisclosureLog
from student_graph.gateway.disclosure.secrets import Secrets

__all__ = ["Disclosing", "DisclosureLog", "Entry", "Secrets", "UnwritableError", "ages_of"]

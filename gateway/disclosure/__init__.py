"""The record of who saw what: append-only, chained, signed, and without a value of what was seen."""

from gateway.disclosure.disclosing import Disclosing
from gateway.disclosure.entries import Entry
from gateway.disclosure.log import DisclosureLog, UnwritableError
from gateway.disclosure.secrets import Secrets

__all__ = ["Disclosing", "DisclosureLog", "Entry", "Secrets", "UnwritableError"]

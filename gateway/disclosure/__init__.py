"""The record of who saw what: append-only, chained, signed, and without a value of what was seen."""

from gateway.disclosure.disclosing import Disclosing
from gateway.disclosure.entries import Entry, ages_of
from gateway.disclosure.log import DisclosureLog
from gateway.disclosure.secrets import Secrets
from gateway.disclosure.trouble import UnwritableError

__all__ = ["Disclosing", "DisclosureLog", "Entry", "Secrets", "UnwritableError", "ages_of"]

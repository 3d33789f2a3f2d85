"""
Fills the placeholders in the addresses of a discovery document: tenant, school year and other qualifiers.

An API of version 5 or 6 that serves each school year at an address of its own names the calendar year of today,
whichever year it is asked about; one of version 7 or later names placeholders such as `{tenantIdentifier}`.

https://docs.ed-fi.org/reference/ods-api/platform-dev-guide/configuration/context-based-routing-for-year-specific-ods/
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from student_graph.adapters.contract import school_year_from_july
from student_graph.adapters.edfi.api.discovery import Urls
from student_graph.adapters.errors import AdapterError

_PLACEHOLDER = re.compile(r"\{([^{}/]*)\}|%7[Bb]([^{}/%]*)%7[Dd]")
_YEAR_AT_THE_END = re.compile(r"/(?:19|20)\d\d(?=/?$)")
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,40}")


class MissingSettingError(AdapterError):
    """The addresses of the API depend on a setting that is missing, or that is wrong for the district."""

    default_code = "SOURCE_SETTINGS"


@dataclass(frozen=True, slots=True)
class AddressValues:
    """The values for placeholders in the addresses of an API."""

    tenant: str | None = None
    school_year: Callable[[], int] = school_year_from_july
    """Returns the school year that is read, named by the calendar year in which it ends."""
    qualifiers: Mapping[str, str] = field(default_factory=dict)
    """Values of other placeholders, by their names."""

    def complete(self, urls: Urls) -> Urls:
        """
        The addresses without placeholders, and with the school year instead of today's calendar year.

        Raises:
            MissingSettingError: A placeholder needs a setting that is missing.
        """
        change_queries = None if urls.changeQueries is None else self._complete(urls.changeQueries)
        return Urls(
            oauth=self._complete(urls.oauth),
            dataManagementApi=self._complete(urls.dataManagementApi),
            changeQueries=change_queries,
        )

    def _complete(self, address: str) -> str:
        filled = _PLACEHOLDER.sub(lambda match: self._value(match[1] or match[2] or ""), address)
        return _YEAR_AT_THE_END.sub(f"/{self.school_year()}", filled)

    def _value(self, placeholder: str) -> str:
        # A placeholder may have a constraint: `{schoolYearFromRoute:range(2000,2100)}`.
        name = placeholder.partition(":")[0]
        values = {known.casefold(): value for known, value in self.qualifiers.items()}
        if name.casefold() in values:
            return values[name.casefold()]
        if "schoolyear" in name.casefold():
            return str(self.school_year())
        if "tenant" in name.casefold():
            if self.tenant is None:
                raise MissingSettingError("the API serves several tenants: set `tenant` of the source")
            return self.tenant
        setting = f"qualifiers.{name}" if _NAME.fullmatch(name) else "qualifiers"
        raise MissingSettingError(f"the addresses of the API need a value: set `{setting}` of the source")


def names_a_school_year(urls: Urls) -> bool:
    """Whether the addresses in a discovery document, before they are completed, depend on the school year."""
    address = urls.dataManagementApi
    return _YEAR_AT_THE_END.search(address) is not None or any(
        "schoolyear" in match[0].casefold() for match in _PLACEHOLDER.finditer(address)
    )

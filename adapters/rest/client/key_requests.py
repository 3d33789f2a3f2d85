"""The requests of a lookup: the values of its placeholders for a key, and the address that has them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from student_graph.adapters.errors import BadKeyError
from student_graph.adapters.rest.client.bodies import PostTemplate
from student_graph.adapters.rest.client.requests import RowRequest
from student_graph.adapters.rest.client.templates import KEY, Template, check_values
from student_graph.adapters.rest.mapping.readers import ID_TABLE
from student_graph.adapters.rest.plan import FIRST_DAY, LAST_DAY, YEAR_START, LookupPlan


class KeyRequests:
    """Builds the requests of one lookup for one source."""

    def __init__(self, plan: LookupPlan, settings: Mapping[str, Any]) -> None:
        self._plan, self._settings = plan, settings

    def base_values(self, key: Any, arguments: Mapping[str, Any]) -> dict[str, Any]:
        """The values of the placeholders of a key that need no request."""
        values = {**self._settings, **{name: arguments.get(name) for name in self._plan.lookup.argument_names}}
        values |= {name: table for name, table in arguments.items() if name.startswith(ID_TABLE)}
        if "school_year" in values:
            year = values["school_year"]
            values[YEAR_START] = None if year is None else year - 1
            values[FIRST_DAY] = None if year is None else date(year - 1, 7, 1)
            values[LAST_DAY] = None if year is None else date(year, 6, 30)
        values[KEY] = key
        for position, part in enumerate(str(key).split(":")):
            values[f"{KEY}.{position}"] = part
        return values

    def part(self, key: Any) -> str:
        """
        A key in a list of keys.

        Raises:
            BadKeyError: no such key is possible.
        """
        text = self.value_of(key)
        if not text or self._plan.separator in text or not text.isprintable() or len(text) > 256:
            raise BadKeyError("not a possible id")
        return text

    def value_of(self, key: Any) -> str:
        """The key as the vendor has it: without the name of the field, if identity rules made it."""
        return str(key).partition(":")[2] if self._plan.is_linked else str(key)

    def request(self, key: Any, values: Mapping[str, Any]) -> RowRequest:
        """
        The request for a key.

        Raises:
            BadKeyError: no such key is possible.
        """
        template = self._template(key)
        values = {**values, KEY: self.value_of(key)}
        check_values(template, values)
        body = template.json(values) if isinstance(template, PostTemplate) else None
        return RowRequest(template.url(values), template.params(values), body)

    def _template(self, key: Any) -> Template:
        requests = self._plan.requests
        name = str(key).partition(":")[0] if self._plan.is_linked else ""
        if name not in requests and "" not in requests:
            raise BadKeyError("not a possible id")
        return requests.get(name) or requests[""]

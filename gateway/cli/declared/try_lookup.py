"""
`student-graph adapters try`: runs one lookup of a declaration, and shows requests, rows and records.

It shows what the vendor sends, so it is for the author of a declaration. Headers, which hold the credentials, are
not shown, and the values of secrets are hidden wherever they occur.
"""

from __future__ import annotations

import argparse
import asyncio
import dataclasses
import json
import os
from datetime import date
from enum import Enum
from pathlib import Path
from typing import Any

import httpx
from pydantic import SecretStr, ValidationError

from student_graph.adapters.answers import records_in
from student_graph.adapters.contract import AdapterSettings
from student_graph.adapters.errors import AdapterError, PayloadError, translate
from student_graph.adapters.lookup import Lookup, Window
from student_graph.adapters.model import DistrictId
from student_graph.adapters.model.code_mapping import count_unmapped_codes
from student_graph.adapters.origins import origin_of
from student_graph.adapters.reading import collecting_unreadable_rows
from student_graph.adapters.registry import SettingsError, build_settings, secret_names
from student_graph.adapters.rest.adapter import Rest, declared
from student_graph.adapters.rest.client.lists import document_of
from student_graph.adapters.rest.mapping.paths import UnreadableValueError
from student_graph.adapters.rest.plan import LookupPlan
from student_graph.gateway.cli.parser import Parser, count, printable
from student_graph.gateway.config.districts import connect
from student_graph.gateway.config.settings_file import is_loopback

MAX_SHOWN_ROWS = 3
"""Rows and records that are shown."""
MAX_SHOWN_CHARACTERS = 2000
"""Characters of a row that are shown."""
HIDDEN = "(secret)"


def add_options(command: Parser) -> None:
    """Add the options of the command."""
    command.add_argument("file", type=Path, metavar="FILE", help="the declaration (TOML)")
    command.add_argument("--lookup", required=True, metavar="NAME", help="lookup to run, such as students_by_id")
    command.add_argument(
        "--key",
        action="append",
        default=[],
        metavar="ID",
        help="key to read; can be repeated; lookups by district need none",
    )
    command.add_argument(
        "--setting", action="append", default=[], metavar="NAME=VALUE",
        help="setting of the source, such as base_url=https://sis.example or api_key_env=SIS_KEY; repeatable. "
        "Without it, a secret is read from the environment variable of its name in capitals, such as API_KEY",
    )  # fmt: skip
    command.add_argument("--school-year", type=int, metavar="YEAR", help="year in which the school year ends")
    command.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Run a lookup and show what happened; return 1 if a key or a request failed."""
    kind = declared(options.file)
    lookup = next((lookup for lookup in kind.capabilities() if lookup.name == options.lookup), None)
    if lookup is None:
        known = ", ".join(lookup.name for lookup in kind.capabilities())
        raise SettingsError(f"--lookup: {options.file} declares no {options.lookup}; it has {known}")
    if not options.key and lookup.key_kind != "district":
        raise SettingsError(f"--key: {lookup.name} needs the id of a {lookup.key_kind}")
    settings = _settings(kind, options.setting)
    trial = _Trial(kind, settings, lookup)
    return asyncio.run(trial.run(options.key or ["district"], options.school_year))


def _settings(kind: type[Rest], pairs: list[str]) -> AdapterSettings:
    values: dict[str, Any] = {}
    for pair in pairs:
        name, equals, text = pair.partition("=")
        if not equals:
            raise SettingsError(f"--setting: {name} has no value; write {name}=VALUE")
        values[name] = text
    for name in secret_names(kind.settings_type()):
        if f"{name}_env" not in values and name not in values:
            values[f"{name}_env"] = name.upper()
    host = httpx.URL(values.get("base_url", "")).host
    if is_loopback(host):
        values.setdefault("networks", ["127.0.0.0/8", "::1/128"])
    return build_settings(kind, "try", values, os.environ)


class _Trial:
    """One run of one lookup."""

    def __init__(self, kind: type[Rest], settings: AdapterSettings, lookup: Lookup) -> None:
        self._settings, self._lookup = settings, lookup
        self._secrets = [
            text for _, value in settings if isinstance(value, SecretStr) and (text := value.get_secret_value())
        ]
        self._adapter = connect(DistrictId("try"), "try", "rest", settings, adapter_type=kind).adapter
        self._adapter.http.event_hooks = {"response": [self._show_response]}
        assert kind.plan is not None
        self._plan: LookupPlan = kind.plan.lookups[lookup.name]

    async def run(self, keys: list[str], school_year: int | None) -> int:
        """Run the lookup and show the answers; return 1 if one failed."""
        lookup = self._lookup
        arguments: dict[str, Any] = {}
        if "school_year" in lookup.argument_names:
            arguments["school_year"] = school_year or self._adapter.current_school_year()
        if lookup.paged:
            arguments["window"] = Window(MAX_SHOWN_ROWS)
        async with self._adapter.http:
            with collecting_unreadable_rows() as unreadable:
                try:
                    batch: Any = await getattr(self._adapter, lookup.name)(keys, **arguments)
                except (AdapterError, httpx.HTTPError, ValidationError, TimeoutError) as exc:
                    self._print(f"failed: {_reason(translate(exc))}")
                    return 1
        for key in keys:
            self._show_answer(key, batch.get(key))
        for error in unreadable.errors:
            self._print(f"a row was left out: {error.reason}")
        records = [record for answer in batch.values() for record in records_in(answer)]
        for code, number in count_unmapped_codes(records).items():
            self._print(
                f"a code without a meaning, {count(number, 'time')}: {code.kind} {code.value or '(not kept)'}"
            )
        failed = any(isinstance(answer, AdapterError) for answer in batch.values())
        return int(failed or bool(unreadable.errors))

    async def _show_response(self, response: httpx.Response) -> None:
        await response.aread()
        request = response.request
        same = origin_of(request.url) == origin_of(self._settings.base_url)
        address = request.url.raw_path.decode() if same else f"(token) {request.url.host}"
        self._print(f"{request.method} {address} -> {response.status_code}, {len(response.content)} bytes")
        is_read = request.method == "GET" or request.extensions.get("repeatable")  # another POST is for a token
        if response.status_code != httpx.codes.OK or not is_read:
            return
        try:
            rows = self._plan.source.get(document_of(response))
        except (AdapterError, httpx.HTTPError, ValidationError, UnreadableValueError) as exc:
            self._print(f"  no rows: {type(exc).__name__}")
            return
        rows = [rows] if isinstance(rows, dict) and self._plan.source.is_single else rows
        if not isinstance(rows, list):
            self._print("  no rows at the declared path: `rows` finds nothing, or no list")
            return
        self._print(f"  {count(len(rows), 'row')}")
        for row in rows[:MAX_SHOWN_ROWS]:
            self._print(f"  {json.dumps(row, ensure_ascii=False)[:MAX_SHOWN_CHARACTERS]}")
        self._show_missing([row for row in rows if isinstance(row, dict)])

    def _show_missing(self, rows: list[Any]) -> None:
        """Name the paths that find nothing in any row."""
        for path in self._plan.mapping.paths:
            if rows and all(_value(path.read, row) is None for row in rows):
                name = ".".join(map(str, path.location[2:]))
                self._print(f"  {name}: the path {path.text} finds nothing in these rows")

    def _show_answer(self, key: str, answer: Any) -> None:
        if answer is None:
            self._print(f"{key}: the vendor does not know it")
        elif isinstance(answer, AdapterError):
            self._print(f"{key}: failed: {_reason(answer)}")
        else:
            records = records_in(answer)
            self._print(f"{key}: {len(records)} of {self._lookup.record_type.__name__}")
            for record in records[:MAX_SHOWN_ROWS]:
                for field in dataclasses.fields(record):
                    value = getattr(record, field.name)
                    if field.name != "fetched" and value not in (None, []):
                        self._print(f"  {field.name} = {_shown(value)}")
                self._print("")

    def _print(self, text: str) -> None:
        for secret in self._secrets:
            text = text.replace(secret, HIDDEN)
        print(printable(text))


def _reason(error: AdapterError) -> str:
    hint = ""
    if isinstance(error, PayloadError) and error.reason in ("a repeated cursor", "the same page again"):
        hint = "; the pages do not end: check `paging`"
    return f"{error.code}: {error.reason}{hint}"


def _value(read: Any, row: Any) -> Any:
    try:
        return read(row)
    except UnreadableValueError:
        return None


def _shown(value: Any) -> str:
    if isinstance(value, Enum):
        return value.name
    if isinstance(value, date):
        return value.isoformat()
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        parts = ((field.name, getattr(value, field.name)) for field in dataclasses.fields(value))
        return ", ".join(f"{name} {_shown(part)}" for name, part in parts if part not in (None, []))
    if isinstance(value, list | tuple):
        return "[" + "; ".join(map(_shown, value)) + "]"
    return str(value)

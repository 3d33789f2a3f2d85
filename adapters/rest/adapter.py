"""The adapter of declared vendors, and how a declaration becomes a class."""

from __future__ import annotations

import inspect
import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any, ClassVar, cast

import httpx
from pydantic import AnyHttpUrl, Field, SecretStr, create_model

from student_graph.adapters.auth import TokenSettings
from student_graph.adapters.contract import (
    CONTRACT_VERSION,
    AccessPath,
    Adapter,
    AdapterSettings,
    CallCost,
    LookupMethod,
)
from student_graph.adapters.errors import PayloadError
from student_graph.adapters.identity import vendor_key
from student_graph.adapters.interface import Interface
from student_graph.adapters.lookup import Lookup
from student_graph.adapters.registry import SettingsError
from student_graph.adapters.rest.client.answers import Answering, answer_by_split
from student_graph.adapters.rest.client.authentication import build_auth
from student_graph.adapters.rest.client.lists import Lists, document_of, value_at
from student_graph.adapters.rest.client.records import is_of_year
from student_graph.adapters.rest.compiling import compile_file
from student_graph.adapters.rest.declaration.models import NoPaging, PagingStyle
from student_graph.adapters.rest.mapping.ordering import sort_key
from student_graph.adapters.rest.plan import LookupPlan, Plan
from student_graph.adapters.rest.recorded import recording_rules

_STYLES = {
    "none": "complete lists",
    "offset": "limit and offset",
    "page": "numbers of pages",
    "link": "links to the next page",
    "cursor": "cursors",
}


class RestSettings(AdapterSettings):
    """Settings of a declared vendor; the declaration adds its own."""

    declaration: str | None = None
    """File with the declaration of the vendor's API. A relative path starts at the folder of the settings file."""


class Rest(Adapter):
    """A vendor that a file declares. The class itself has no lookups: `declared` makes a subclass with them."""

    settings: RestSettings  # those of a vendor that ships have no `declaration`
    contract: ClassVar[int] = CONTRACT_VERSION  # a declaration is compiled by the kit that reads it
    plan: ClassVar[Plan | None] = None

    def __init__(self, name: str, settings: AdapterSettings, http: httpx.AsyncClient) -> None:
        super().__init__(name, settings, http)
        plan = self._plan()
        values = plan.placeholders(settings)
        lists: dict[PagingStyle, Lists] = {}

        def lists_of(style: PagingStyle) -> Lists:
            if style not in lists:
                lists[style] = Lists(http, style, settings.concurrency)
            return lists[style]

        if plan.declaration.headers:
            http.headers.update(plan.declaration.headers)
        default = lists_of(plan.declaration.paging)
        self._answering = {
            lookup: Answering(
                part,
                lists_of(part.style),
                lists_of_first=default,
                settings=values,
                concurrency=settings.concurrency,
            )
            for lookup, part in plan.lookups.items()
        }
        self._values = values

    @classmethod
    def _plan(cls) -> Plan:
        if cls.plan is None:
            raise SettingsError(
                "a source of the kind 'rest' needs `declaration`, the file that declares the vendor"
            )
        return cls.plan

    @classmethod
    def for_source(cls, values: Mapping[str, Any], folder: Path) -> type[Adapter]:
        """
        Return the class of the vendor that the setting `declaration` names.

        Raises:
            SettingsError: there is no declaration, or something in it is wrong.
        """
        if cls.plan is not None:
            return cls
        file = values.get("declaration")
        if not isinstance(file, str) or not file:
            cls._plan()
        path = folder / str(file)
        try:
            return _declared_once(path, path.read_bytes())
        except OSError:
            return declared(path)  # says what is wrong with the file

    @classmethod
    def files_of_source(cls, values: Mapping[str, Any], folder: Path) -> Sequence[Path]:
        """Return the file with the declaration."""
        file = values.get("declaration")
        return (folder / file,) if cls.plan is None and isinstance(file, str) and file else ()

    def auth(self) -> httpx.Auth | None:
        """Return the authentication that the declaration names."""
        return build_auth(self._plan().auth, self.settings)

    async def check(self) -> str:
        """Send the request of `check`, and return the product and its version."""
        plan = self._plan()
        response = await self.http.get(plan.check.url(self._values), params=plan.check.params(self._values))
        document = document_of(response)
        version = None if plan.check_version is None else value_at(plan.check_version, document)
        text = f" {version}" if type(version) in (str, int, float) and len(str(version)) < 40 else ""
        return plan.declaration.vendor + text

    async def version(self) -> str | None:
        """Return the version of the data, if the declaration says where it is."""
        plan = self._plan()
        if plan.data_version is None:
            return None
        request, path = plan.data_version
        response = await self.http.get(request.url(self._values), params=request.params(self._values))
        version = value_at(path, document_of(response))
        if type(version) not in (str, int) or version == "" or len(str(version)) > 200:
            raise PayloadError("unexpected shape (no version of the data)")
        return str(version)

    @property
    def interface(self) -> Interface:
        """What the declaration says about the interface."""
        declaration = self._plan().declaration
        style = declaration.paging
        return Interface(
            standard=declaration.vendor,
            version=declaration.version,
            is_published_standard=False,
            is_declared=False,
            paging=_STYLES[style.kind],
            page_rows=None if isinstance(style, NoPaging) else style.rows,
            states_changes=declaration.data_version is not None,
        )

    async def _answer(self, name: str, ids: Sequence[Any], arguments: Mapping[str, Any]) -> Mapping[Any, Any]:
        """The answers of a declared lookup."""
        answering, split = self._answering[name], self._plan().lookups[name].split
        if split is not None:
            return await answer_by_split(answering, self._answering[split.name], ids, arguments)
        return await answering.batch(ids, arguments)


@lru_cache(maxsize=64)
def _declared_once(file: Path, content: bytes) -> type[Rest]:  # noqa: ARG001 - other content is another class
    """The adapter of the vendor that a file with this content declares, compiled once."""
    return declared(file)


def declared(file: Path, module: str | None = None) -> type[Rest]:
    """
    Return the adapter of the vendor that a file declares.

    Args:
        file: The declaration.
        module: Name of the module that ships the vendor: the file is beside it, so a source names no file.

    Raises:
        DeclarationError: something in the file is wrong.
    """
    plan = compile_file(file)
    settings = _settings_model(plan, AdapterSettings if module else RestSettings)
    namespace: dict[str, Any] = {
        "__doc__": f"{plan.declaration.vendor}, as {file.name} declares it.",
        "__module__": module or __name__,
        "__annotations__": {"settings": settings},
        "plan": plan,
        **recording_rules(plan),
        "identity": plan.declaration.identity,
        "paths": {part.lookup.method: paths for part in plan.lookups.values() if (paths := _paths(plan, part))},
    }
    for name, part in plan.lookups.items():
        namespace[name] = _method(part.lookup)
    name = "".join(word[:1].upper() + word[1:] for word in re.findall("[A-Za-z0-9]+", plan.declaration.vendor))
    return type(name or "DeclaredVendor", (Rest,), namespace)


def _method(lookup: Lookup) -> Any:
    """The method of a lookup, with the signature of the contract."""
    name = lookup.name

    async def answer(self: Rest, ids: Sequence[Any], **arguments: Any) -> Mapping[Any, Any]:
        return await self._answer(name, ids, arguments)

    answer.__name__, answer.__doc__ = name, lookup.method.__doc__
    answer.__signature__ = inspect.signature(lookup.method)  # type: ignore[attr-defined] # a function takes any
    return answer


def _settings_model(plan: Plan, base: type[AdapterSettings]) -> type[AdapterSettings]:
    """The settings of a declared vendor: those of every adapter, and what its authentication needs."""
    declaration = plan.declaration
    described = dict(declaration.settings)
    fields: dict[str, Any] = {}
    if declaration.base_url is not None:
        default = AnyHttpUrl(declaration.base_url.rstrip("/"))
        fields["base_url"] = (AnyHttpUrl, Field(default=default, description="Root address of the vendor's API."))
    for auth in plan.auth:
        public = getattr(auth, "client", None) or getattr(auth, "user", None)
        if public is not None:
            account = described.pop(public, f"Account of {declaration.vendor}.")
            fields[public] = (str, Field(min_length=1, description=account))
        secret = described.pop(auth.secret, f"Secret of {declaration.vendor} for {auth.kind}.")
        fields[auth.secret] = (SecretStr, Field(description=secret))
    for name, description in described.items():
        fields[name] = (str, Field(min_length=1, max_length=200, description=description or name))
    bases: Any = base
    if any(auth.kind == "oauth2" for auth in plan.auth):
        bases = TokenSettings if base is AdapterSettings else (base, TokenSettings)
    return cast("type[AdapterSettings]", create_model("DeclaredSettings", __base__=bases, **fields))


def _paths(plan: Plan, part: LookupPlan) -> tuple[AccessPath[Any], ...]:
    """The access paths of a lookup: one for each coarser lookup that the declaration names, or that it splits."""
    declared_lookup = plan.declaration.lookups[part.lookup.name]
    names = dict.fromkeys([*declared_lookup.coarse, *([part.split.name] if part.split else [])])
    return tuple(_path(plan, part, plan.lookups[name]) for name in names)


def _path(plan: Plan, part: LookupPlan, coarse: LookupPlan) -> AccessPath[Any]:
    key_attribute = part.lookup.key_attribute or "student_id"
    from_lookup: LookupMethod | None = None
    key_of_coarse: Any = None
    if coarse.lookup.key_kind != "district":
        student_lists = {
            "school": Adapter.school_enrollments_by_student,
            "section": Adapter.section_enrollments_by_student,
        }
        from_lookup = student_lists.get(coarse.lookup.key_kind)
        attribute = f"{coarse.lookup.key_kind}_id"
        key_of_coarse = lambda record: getattr(record, attribute)  # noqa: E731 - a name would say no more
    per_key, per_coarse = _calls(plan, part), _calls(plan, coarse)
    if part.split is not None:
        per_key = per_coarse
    cost = CallCost(per_key=per_key, per_coarse_key=per_coarse)
    identity = plan.declaration.identity
    is_linked = identity is not None and part.lookup.key_kind == "student"
    field = identity.students[0].field if identity is not None else ""
    return AccessPath(
        coarse_lookup=coarse.lookup.method,
        key_of=(lambda record: _key_in(record, field))
        if is_linked
        else lambda record: getattr(record, key_attribute),
        cost=lambda _: cost,
        coarse_keys_from=from_lookup,
        coarse_key_of=key_of_coarse,
        sort_key=sort_key(part.lookup),
        selects=_is_of_year if "school_year" in part.lookup.argument_names else None,
        accepts=(lambda key: str(key).startswith(f"{field}:")) if is_linked else None,
    )


def _key_in(record: Any, field: str) -> str | None:
    """The key of a record's student by one field of the vendor; None if the vendor has no value there."""
    return next((vendor_key(*pair) for pair in record.subject.ids if pair[0] == field), None)


def _is_of_year(record: Any, arguments: Mapping[str, Any]) -> bool:
    """Whether a record of a coarser list is of the requested school year."""
    return is_of_year(record, arguments.get("school_year"))


def _calls(plan: Plan, part: LookupPlan) -> float:
    """
    About how many requests a lookup takes for a key, as declared or from the usual number of its records.

    A single key takes one request, and a key among others a part of one. With `keys`, the estimate is between the
    two.
    """
    calls = plan.declaration.lookups[part.lookup.name].calls
    if calls is not None:
        return calls
    rows = 1.0 if isinstance(part.style, NoPaging) else max(1.0, part.lookup.records_per_key / part.style.rows)
    requests = rows + part.depends_on_first
    return requests * (1 + 1 / part.keys_per_call) / 2

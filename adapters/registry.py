"""
Which adapters are installed, and their settings.

An adapter is found by its entry point in the group `student_graph.adapters`: ours and third parties' alike.
Only the kind that is asked for is loaded.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib.metadata import EntryPoint, entry_points
from typing import Any

from pydantic import SecretStr, ValidationError

from student_graph.adapters.contract import CONTRACT_VERSION, Adapter, AdapterSettings

ENTRY_POINT_GROUP = "student_graph.adapters"


class SettingsError(ValueError):
    """What an operator must change before the gateway can start; never holds the value of a setting."""


def adapter_kinds() -> list[str]:
    """Names of the installed adapters."""
    return sorted(entry_points(group=ENTRY_POINT_GROUP).names)


def installed_adapters() -> dict[str, type[Adapter]]:
    """All installed adapters by kind."""
    return {kind: find_adapter(kind) for kind in adapter_kinds()}


def find_adapter(kind: str) -> type[Adapter]:
    """
    The adapter of a kind.

    Raises:
        SettingsError: there is none, two packages claim the kind, or it was built for another contract.
    """
    match list(entry_points(group=ENTRY_POINT_GROUP, name=kind)):
        case []:
            raise SettingsError(f"there is no adapter {kind!r}; installed are {', '.join(adapter_kinds())}")
        case [point]:
            return load_adapter(point)
        case points:
            packages = ", ".join(sorted(point.dist.name if point.dist else point.value for point in points))
            raise SettingsError(f"several packages bring an adapter {kind!r}: {packages}")


def load_adapter(point: EntryPoint) -> type[Adapter]:
    """
    What an entry point names, when it is an adapter for this contract.

    Raises:
        SettingsError: it cannot be imported, is no adapter, or was built for another contract.
    """
    try:
        found = point.load()
    except (ImportError, AttributeError) as exc:
        raise SettingsError(f"adapter {point.name!r} cannot be imported ({type(exc).__name__})") from exc
    if not (isinstance(found, type) and issubclass(found, Adapter)):
        raise SettingsError(f"adapter {point.name!r} is not a subclass of adapters.Adapter")
    if found.contract != CONTRACT_VERSION:
        raise SettingsError(
            f"adapter {point.name!r} was built for contract {found.contract}; this is contract {CONTRACT_VERSION}"
        )
    return found


def settings_schema(adapter: type[Adapter]) -> dict[str, Any]:
    """JSON Schema of an adapter's settings as they stand in a file: a secret is named by its variable."""
    settings = adapter.settings_type()
    schema = settings.model_json_schema()
    properties: dict[str, Any] = schema["properties"]
    for name in secret_names(settings):
        described = properties.pop(name)
        properties[f"{name}_env"] = {
            "type": "string",
            "title": f"{described.get('title', name)} (environment variable)",
            "description": f"Name of the environment variable with: {described.get('description', name)}",
        }
    required = schema.get("required", [])
    schema["required"] = [name if name in properties else f"{name}_env" for name in required]
    return schema


def build_settings(
    adapter: type[Adapter], name: str, values: Mapping[str, Any], environ: Mapping[str, str]
) -> AdapterSettings:
    """
    Settings of the source `name`. A secret `token` is given as `token_env`, the name of its environment variable.

    Raises:
        SettingsError: a setting is missing, unknown, wrong, or its variable is not set.
    """
    settings = adapter.settings_type()
    given = dict(values)
    for secret in secret_names(settings):
        if secret in given:
            raise SettingsError(f"source {name!r}: a secret is not written down; give {secret}_env instead")
        if (variable := given.pop(f"{secret}_env", None)) is not None:
            if not isinstance(variable, str) or not environ.get(variable):
                raise SettingsError(f"source {name!r}: the environment variable of {secret}_env is not set")
            given[secret] = SecretStr(environ[variable])
    try:
        return settings.model_validate(given)
    except ValidationError as exc:
        problems = [_problem(settings, error["loc"], error["type"], error["msg"]) for error in _errors(exc)]
        raise SettingsError(f"source {name!r}: {'; '.join(problems)}") from None


def secret_names(settings: type[AdapterSettings]) -> list[str]:
    """Names of the settings that are secrets."""
    return [name for name, each in settings.model_fields.items() if "SecretStr" in str(each.annotation)]


def _errors(exc: ValidationError) -> list[Any]:
    return list(exc.errors(include_url=False, include_context=False, include_input=False))


def _problem(settings: type[AdapterSettings], loc: tuple[int | str, ...], kind: str, text: str) -> str:
    """What is wrong with one setting, in words that hold no value."""
    top = str(loc[0]) if loc else ""
    where = ".".join(str(part) for part in loc)
    if kind == "missing":
        return f"{top}_env is missing" if top in secret_names(settings) else f"{where} is missing"
    if kind == "extra_forbidden":
        return f"there is no setting {where}"
    return f"{where}: {text}"

"""
The installed adapters and their settings.

An adapter is found by its entry point in the group `student_graph.adapters`, whether it is part of this project or
of a third-party package. Only the requested kind is loaded.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from importlib import invalidate_caches
from importlib.metadata import EntryPoint, EntryPoints, entry_points
from pathlib import Path
from typing import Any, get_args

from pydantic import SecretStr, ValidationError

from student_graph.adapters.contract import CONTRACT_VERSION, Adapter, AdapterSettings

ENTRY_POINT_GROUP = "student_graph.adapters"
CONTRACT_KEYWORD = "student-graph-contract-"
"""A keyword of a package's metadata that ends in the version of the contract that its adapters were built for."""
_KIT = __name__.rpartition(".")[0]
_WORKING_FOLDER_PROBLEM = (
    "{}: there is no such file in {}, the folder of the settings file, where paths begin. The one in {}, the "
    "working folder, is not used: move it, or write its whole path"
)


class SettingsError(ValueError):
    """Problems of the configuration that prevent a start. No message holds the value of a setting."""

    def __init__(self, *problems: str) -> None:
        """State what is wrong, one text for each problem."""
        super().__init__("; ".join(problems))
        self.problems = problems


@cache
def adapter_entry_points() -> EntryPoints:
    """Return the entry points of all installed adapters; it takes 20 ms to find them, so they are remembered."""
    return entry_points(group=ENTRY_POINT_GROUP)


def find_entry_points_again() -> None:
    """Forget which adapters are installed: the next question reads what is installed then."""
    invalidate_caches()
    adapter_entry_points.cache_clear()


def adapter_kinds() -> list[str]:
    """Return the names of the installed adapters, sorted."""
    return sorted(adapter_entry_points().names)


def installed_adapters() -> dict[str, type[Adapter]]:
    """Return all installed adapters by kind."""
    return {kind: find_adapter(kind) for kind in adapter_kinds()}


def find_adapter(kind: str) -> type[Adapter]:
    """
    Return the adapter of a kind.

    Raises:
        SettingsError: no package or several packages provide it, or it was built for another contract.
    """
    match list(adapter_entry_points().select(name=kind)):
        case []:
            raise SettingsError(f"there is no adapter {kind!r}; installed are {', '.join(adapter_kinds())}")
        case [point]:
            return load_adapter(point)
        case points:
            packages = ", ".join(sorted(point.dist.name if point.dist else point.value for point in points))
            raise SettingsError(f"several packages provide an adapter {kind!r}: {packages}")


def load_adapter(point: EntryPoint) -> type[Adapter]:
    """
    Import the adapter that an entry point names.

    Raises:
        SettingsError: it cannot be imported, is not an adapter, or was built for another contract, or for none.
    """
    if (stated := _stated_contract(point)) is not None:
        _check_contract(point, stated)
    try:
        adapter = point.load()
    except (ImportError, AttributeError) as exc:
        raise SettingsError(f"adapter {point.name!r} cannot be imported ({type(exc).__name__})") from exc
    if not (isinstance(adapter, type) and issubclass(adapter, Adapter)):
        raise SettingsError(f"adapter {point.name!r} is not a subclass of student_graph.adapters.Adapter")
    _check_contract(point, declared_contract(adapter))
    return adapter


def declared_contract(adapter: type[Adapter]) -> int | None:
    """
    Return the version of the contract that an adapter was built for; None if its class does not say.

    What a class inherits from the kit is the version of the kit, and says nothing. The adapters of this project
    are released with the kit.
    """
    own = (base for base in adapter.__mro__ if base is not Adapter and "contract" in vars(base))
    if (base := next(own, None)) is not None:
        contract = vars(base)["contract"]
        return contract if isinstance(contract, int) else None
    return adapter.contract if adapter.__module__.startswith(f"{_KIT}.") else None


def _stated_contract(point: EntryPoint) -> int | None:
    """The version that the keywords of a package state. It is read before an import that the kit may break."""
    keywords = (point.dist.metadata["Keywords"] or "") if point.dist else ""
    match = re.search(rf"\b{CONTRACT_KEYWORD}(\d{{1,9}})\b", keywords)
    return int(match[1]) if match else None


def _check_contract(point: EntryPoint, contract: int | None) -> None:
    if contract is None:
        raise SettingsError(
            f"adapter {point.name!r} does not say for which contract it was built: "
            f"its class needs `contract = {CONTRACT_VERSION}`"
        )
    if contract != CONTRACT_VERSION:
        raise SettingsError(
            f"adapter {point.name!r} was built for contract {contract}; this is contract {CONTRACT_VERSION}. "
            + ("Install its newer version" if contract < CONTRACT_VERSION else "Update student-graph")
        )


def settings_schema(adapter: type[Adapter]) -> dict[str, Any]:
    """Return the JSON Schema of an adapter's settings in the file, where `<secret>_env` replaces a secret."""
    settings = adapter.settings_type()
    schema = settings.model_json_schema()
    properties: dict[str, Any] = schema["properties"]
    for name in secret_names(settings):
        secret = properties.pop(name)
        properties[f"{name}_env"] = {
            "type": "string",
            "title": f"{secret.get('title', name)} (environment variable)",
            "description": f"Name of the environment variable with: {secret.get('description', name)}",
        }
    required = schema.get("required", [])
    schema["required"] = [name if name in properties else f"{name}_env" for name in required]
    return schema


def build_settings(
    adapter: type[Adapter],
    name: str,
    values: Mapping[str, Any],
    environ: Mapping[str, str],
    folder: Path = Path(),
) -> AdapterSettings:
    """
    Build the settings of the source `name`.

    A secret `token` is configured as `token_env`, the name of an environment variable. `folder` is that of the
    settings file: relative paths begin there, and without a file in the working folder.

    Raises:
        SettingsError: settings are missing, unknown or wrong, or their environment variables are not set.
    """
    settings = adapter.settings_type()
    paths = {setting: values[setting] for setting in path_names(settings) if setting in values}
    resolved = {**values, **{setting: _from_folder(value, folder) for setting, value in paths.items()}}
    problems = {
        setting: _WORKING_FOLDER_PROBLEM.format(setting, folder.absolute(), Path.cwd())
        for setting, value in paths.items()
        if _is_in_working_folder_only(value, folder)
    }
    for secret in secret_names(settings):
        if resolved.pop(secret, None) is not None:
            problems[secret] = f"{secret} is a secret; give {secret}_env instead"
        variable = resolved.pop(f"{secret}_env", None)
        if isinstance(variable, str) and environ.get(variable):
            resolved[secret] = SecretStr(environ[variable])
        elif variable is not None:  # not named: who mistakes the setting may have written the secret itself there
            problems[secret] = f"the environment variable of {secret}_env is not set"
    try:
        result = settings.model_validate(resolved)
    except ValidationError as exc:
        for error in _errors_of(exc):
            problems.setdefault(_setting_of(error["loc"]), _problem(settings, error))
    if problems:
        raise SettingsError(*(f"source {name!r}: {problem}" for problem in problems.values()))
    return result


def secret_names(settings: type[AdapterSettings]) -> list[str]:
    """Return the names of the settings that are secrets."""
    return [name for name, field in settings.model_fields.items() if "SecretStr" in str(field.annotation)]


def path_names(settings: type[AdapterSettings]) -> list[str]:
    """Return the names of the settings that are paths, or lists of paths."""
    return [name for name, field in settings.model_fields.items() if _holds_paths(field.annotation)]


def _holds_paths(annotation: Any) -> bool:
    return annotation is Path or any(map(_holds_paths, get_args(annotation)))


def _from_folder(value: Any, folder: Path) -> Any:
    """A path or the paths of a list, from a folder if they are relative. A wrong value stays as it is."""
    if isinstance(value, list | tuple):
        return [_from_folder(item, folder) for item in value]
    return folder / value if isinstance(value, str | Path) else value


def _is_in_working_folder_only(value: Any, folder: Path) -> bool:
    """Whether a path names a file only if it begins in the working folder, as it did in earlier versions."""
    if isinstance(value, list | tuple):
        return any(_is_in_working_folder_only(item, folder) for item in value)
    return isinstance(value, str) and Path(value).is_file() and not (folder / value).exists()


def _errors_of(exc: ValidationError) -> list[Any]:
    return list(exc.errors(include_url=False, include_context=False, include_input=False))


def _setting_of(loc: tuple[int | str, ...]) -> str:
    return ".".join(map(str, loc))


def _problem(settings: type[AdapterSettings], error: Any) -> str:
    """Describe the problem of one setting without its value."""
    path = _setting_of(error["loc"])
    if error["type"] == "missing":
        return f"{path}_env is missing" if path in secret_names(settings) else f"{path} is missing"
    if error["type"] == "extra_forbidden":
        return f"there is no setting {path}"
    return f"{path}: {error['msg']}" if path else error["msg"]

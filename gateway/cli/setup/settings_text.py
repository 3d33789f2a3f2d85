"""The text of a new settings file, and of the file with its secrets."""

from __future__ import annotations

import base64
import secrets
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, get_origin

from student_graph.adapters.contract import Adapter, AdapterSettings
from student_graph.adapters.registry import find_adapter, secret_names
from student_graph.gateway.cli.setup.writing import adapter_settings, comment, models_in, table
from student_graph.gateway.config.access import IssuerConfig, ViewerConfig
from student_graph.gateway.config.environment import KEY_BYTES
from student_graph.gateway.config.settings_file import Config, DistrictConfig, SourceConfig

RECORD_KEY_ENV = "STUDENT_GRAPH_RECORD_KEY"
VIEWER_TOKEN_ENV = "STUDENT_GRAPH_TOKEN"  # noqa: S105 - the name of a variable
HEAD = (
    "Settings of a student graph gateway. Lines that begin with # and a name show a setting with its default: "
    "take the # away to change it. Secrets are never in this file: settings that end in _env name environment "
    "variables."
)


@dataclass(slots=True)
class NewSource:
    """A source of the new file."""

    name: str
    kind: str
    folder: Path
    """Folder of the settings file, from which the source may name files."""
    values: dict[str, Any] = field(default_factory=dict)
    """Settings of the adapter, with the names of variables for secrets."""

    @property
    def adapter(self) -> type[Adapter]:
        """
        The adapter; for a declared vendor, the one that its declaration describes.

        Raises:
            SettingsError: there is no such adapter, or its declaration is missing or wrong.
        """
        return find_adapter(self.kind).for_source(self.values, self.folder)

    @property
    def settings(self) -> type[AdapterSettings]:
        """The model of the adapter's settings."""
        return self.adapter.settings_type()

    def secret_settings(self) -> list[str]:
        """Settings with the name of a variable that has a value."""
        return [
            name for name in (f"{secret}_env" for secret in secret_names(self.settings)) if name in self.values
        ]


@dataclass(frozen=True, slots=True)
class NewDistrict:
    """What the new file is about."""

    id: str
    name: str
    time_zone: str
    sources: Sequence[NewSource]
    viewer: str
    """Subject of the viewer who operates the gateway."""


def settings_text(district: NewDistrict) -> str:
    """The settings file: TOML with a comment for each setting."""
    lines = [*comment(HEAD)]
    for name, config in Config.model_fields.items():
        model = models_in(config.annotation)[0]
        if get_origin(config.annotation) is None:
            values = {"key_env": RECORD_KEY_ENV} if name == "disclosure" else {}
            lines += table(f"[{name}]", model, values)
    lines += _district(district)
    viewer = {"subject": district.viewer, "role": "superintendent", "districts": [district.id], "operator": True}
    lines += table("[[viewers]]", ViewerConfig, {**viewer, "token_env": VIEWER_TOKEN_ENV})
    lines += table("[[issuers]]", IssuerConfig, {}, active=False)
    return "\n".join(lines) + "\n"


def secrets_text(district: NewDistrict) -> tuple[str, list[str]]:
    """
    The file with the secrets, and the variables in it that are still empty.

    Those of the gateway itself are made up; those of the vendors must be filled in.
    """
    missing = {
        source.values[name]: f"{source.name} ({source.kind}), {name.removesuffix('_env')}: "
        + (source.settings.model_fields[name.removesuffix("_env")].description or "")
        for source in district.sources
        for name in source.secret_settings()
    }
    lines = ["# Secrets of the settings file: NAME=value. Only its owner may read this file; keep it out of git."]
    for variable, description in missing.items():
        lines += [*comment(description), f"{variable}="]
    record = base64.b64encode(secrets.token_bytes(KEY_BYTES)).decode()
    lines += [*comment("Key of the record of disclosures, made up by init."), f"{RECORD_KEY_ENV}={record}"]
    token = secrets.token_urlsafe(KEY_BYTES)
    lines += [*comment(f"Token of the viewer {district.viewer}, made up by init."), f"{VIEWER_TOKEN_ENV}={token}"]
    return "\n".join(lines) + "\n", list(missing)


def _district(district: NewDistrict) -> Iterator[str]:
    values = {"id": district.id, "name": district.name, "time_zone": district.time_zone}
    yield from table("[[districts]]", DistrictConfig, values)
    for source in district.sources:
        yield from _source(source)
    for name, config in DistrictConfig.model_fields.items():
        models = models_in(config.annotation)
        if models and name != "sources":
            is_list = get_origin(config.annotation) is tuple
            header = f"[[districts.{name}]]" if is_list else f"[districts.{name}]"
            yield from table(header, models[0], {}, active=False, title=config.description)


def _source(source: NewSource) -> Iterator[str]:
    common: Mapping[str, Any] = {"name": source.name, "kind": source.kind}
    title = f"A source of the district: adapters/{source.kind}/README.md describes what it needs."
    yield from table("[[districts.sources]]", SourceConfig, common, title=title)
    yield from adapter_settings(source.settings, source.values)

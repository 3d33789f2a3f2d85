"""The settings file of the fleet of a rehearsal, and the file with its secrets."""

from __future__ import annotations

import base64
import json
import secrets
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from student_graph.adapters.registry import find_adapter, secret_names
from student_graph.gateway.demo.description import METRICS
from student_graph.gateway.demo.rehearsal.sign_in import AUDIENCE
from student_graph.gateway.demo.rehearsal.vendors.plan import DistrictPlan

ROLES = ("superintendent", "principal", "teacher", "parent")
KEYS = ("RECORD_KEY", "FLEET_KEY")
GRANT_DAYS = 90
OPERATOR = "OPERATOR_TOKEN"
"""Environment variable with the token of the operator, who sees health and workers and no student."""


def service_variable(district: str) -> str:
    """The environment variable with the token of a district's dashboard service."""
    return f"{_variable(district)}_SERVICE_TOKEN"


@dataclass(frozen=True, kw_only=True)
class FleetSettings:
    """What a gateway of the rehearsal is started with."""

    folder: Path
    """Where its files are; the record of disclosures is below it."""
    districts: Sequence[Mapping[str, Any]]
    """Descriptions of the districts, as the processes of the vendors have printed them."""
    issuers: Mapping[str, str]
    """Address of the issuer of each district, by district."""
    redis: str | None = None
    secrets: Mapping[str, str] = field(default_factory=dict)
    """Keys and tokens, by environment variable."""
    viewer_rate: float = 50.0
    extra: str = ""
    """Lines that are added at the start, such as a wrong one."""

    @property
    def path(self) -> Path:
        """The settings file."""
        return self.folder / "gateway.toml"

    @property
    def secrets_path(self) -> Path:
        """The file with the secrets."""
        return self.folder / "gateway.env"

    def changed(self, **changes: Any) -> FleetSettings:
        """The settings with some changes."""
        return replace(self, **changes)

    def write(self) -> None:
        """Write both files; each appears complete or not at all."""
        vendors: dict[str, str] = {}
        text = "\n".join(self._lines(vendors))
        variables = {**vendors, **self.secrets}
        lines = "\n".join(f"{name}={value}" for name, value in variables.items())
        for path, content in ((self.secrets_path, lines), (self.path, text)):
            new = path.with_name(f"{path.name}.new")
            new.touch(mode=0o600)
            new.write_text(content + "\n", encoding="utf-8")
            new.replace(path)

    def _lines(self, vendors: dict[str, str]) -> Iterator[str]:
        yield f"[server]\nport = 0\n{self.extra}"
        yield '[disclosure]\nkey_env = "RECORD_KEY"'
        yield f"[load]\nviewer_rate = {self.viewer_rate}"
        if self.redis is not None:
            yield f'[cache]\nredis = "{self.redis}"\nkey_env = "FLEET_KEY"'
        for district in self.districts:
            yield from _district_lines(district, vendors)
        ids = {district["plan"]["id"]: self.issuers[district["plan"]["id"]] for district in self.districts}
        for issuer in dict.fromkeys(ids.values()):
            own = [district for district, name in ids.items() if name == issuer]
            yield f"[[issuers]]\nissuer = {toml(issuer)}\naudience = {toml(AUDIENCE)}"
            yield f'jwks_url = {toml(f"{issuer}/jwks")}\ndistricts = {toml(own)}\nrole_claim = "role"'
            yield f'tenant_claim = "district"\ntenants = {toml(dict(zip(own, own, strict=True)))}'
            yield f"roles = {toml(dict(zip(ROLES, ROLES, strict=True)))}"
        for district_id in ids:
            yield f'[[viewers]]\nsubject = "service.{district_id}"\nrole = "service"'
            yield f"districts = {toml([district_id])}\ntoken_env = {toml(service_variable(district_id))}"
        yield f'[[viewers]]\nsubject = "operator"\nrole = "service"\ndistricts = {toml(list(ids))}'
        yield f"operator = true\ncounts_only = true\ntoken_env = {toml(OPERATOR)}"


def make_secrets(districts: Sequence[DistrictPlan]) -> dict[str, str]:
    """New keys and tokens for a fleet."""
    keys = {name: base64.b64encode(secrets.token_bytes(32)).decode() for name in KEYS}
    tokens = {service_variable(plan.id): secrets.token_urlsafe(32) for plan in districts}
    return {**keys, **tokens, OPERATOR: secrets.token_urlsafe(32)}


def _district_lines(district: Mapping[str, Any], vendors: dict[str, str]) -> Iterator[str]:
    plan = district["plan"]
    yield f"[[districts]]\nid = {toml(plan['id'])}\nname = {toml(plan['name'])}"
    yield f"time_zone = {toml(plan['time_zone'])}\nmetrics = {toml(METRICS)}"
    for source in district["sources"]:
        yield f"[[districts.sources]]\nname = {toml(source['name'])}\nkind = {toml(source['kind'])}"
        hidden = secret_names(find_adapter(source["kind"]).settings_type())
        for name, value in source["settings"].items():
            if name in hidden:
                variable = f"{_variable(plan['id'])}_{_variable(source['name'])}_{name.upper()}"
                vendors[variable] = value
                yield f"{name}_env = {toml(variable)}"
            else:
                yield f"{name} = {toml(value)}"
        for name in ("identity", "lookups"):
            if source.get(name) is not None:
                yield f"{name} = {toml(source[name])}"
    for role, classes in plan["grants"].items():
        until = date.today() + timedelta(days=GRANT_DAYS)  # noqa: DTZ011 - any day soon will do
        yield f"[[districts.grants]]\nroles = {toml([role])}\nclasses = {toml(list(classes))}"
        yield f'until = {until}\napproved_by = ["Ada Hill, principal", "Ben Dale, privacy officer"]'


def _variable(name: str) -> str:
    return name.upper().replace("-", "_")


def toml(value: Any) -> str:
    """A value as TOML writes it in one line; members that are None are left out."""
    if isinstance(value, dict):
        members = (f"{json.dumps(name)} = {toml(member)}" for name, member in value.items() if member is not None)
        return f"{{ {', '.join(members)} }}"
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(toml, value))}]"
    return json.dumps(value, ensure_ascii=False)

"""The files in `deploy`, as the programs that they are for read them."""

from __future__ import annotations

import importlib.util
import re
import shutil
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"
COMPOSE = DEPLOY / "compose"
CHART = DEPLOY / "helm" / "student-graph"
UNIT = DEPLOY / "systemd" / "student-graph.service"
VARIABLE = re.compile(r"\$\{(?P<name>\w+)(?::(?P<kind>[-?])(?P<text>[^}]*))?\}")
EXAMPLE_VALUES = {
    "SITE_ADDRESS": "graph.example.org",
    "TLS_ISSUER": "internal",
    "TELEMETRY_BACKEND": "https://x.example",
}


def program(name: str) -> str | None:
    """The path of a program, from the environment of the tests or else from the PATH; None if there is none."""
    beside = Path(sys.executable).parent / name
    return str(beside) if beside.exists() else shutil.which(name)


def needs(*names: str) -> pytest.MarkDecorator:
    """Skip without these programs and Python packages, and say how to get them."""
    missing = [name for name in names if program(name) is None and importlib.util.find_spec(name) is None]
    return pytest.mark.skipif(bool(missing), reason=f"needs {', '.join(missing)}: run make deploy-tools")


def compose_text(values: Mapping[str, str] = EXAMPLE_VALUES) -> str:
    """
    The compose file with its variables replaced, as docker compose does it.

    Raises:
        KeyError: a variable that must be set is not.
    """

    def value(match: re.Match[str]) -> str:
        if match["name"] in values:
            return values[match["name"]]
        if match["kind"] != "-":
            raise KeyError(match["name"])
        return match["text"]

    return VARIABLE.sub(value, (COMPOSE / "compose.yaml").read_text())


def compose_services() -> dict[str, dict[str, Any]]:
    """The services of the compose file by name, with its anchors and merges resolved."""
    services: dict[str, dict[str, Any]] = yaml.safe_load(compose_text())["services"]
    return services


def rendered_chart(values: Mapping[str, Any] | None = None) -> dict[str, dict[str, Any]]:
    """The resources of the chart by kind and name, as Helm renders them for a release `graph`."""
    import helm_python  # noqa: PLC0415 - only where it is installed

    helm_python.disable_logging()
    with helm_python.Chart.load(str(CHART)) as chart:
        rendered = chart.render(dict(values or {}), name="graph", namespace="prod")
    return {
        f"{resource['kind']} {resource['metadata']['name']}": resource
        for name, text in rendered.items()
        if name.endswith(".yaml")
        for resource in yaml.safe_load_all(text)
        if resource
    }


def unit_settings() -> Iterator[tuple[str, str]]:
    """The settings of the systemd unit, in their order."""
    for line in UNIT.read_text().splitlines():
        if line and line[0] not in "#[":
            name, _, value = line.partition("=")
            yield name, value

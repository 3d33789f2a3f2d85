"""Every command, option, setting, variable, address and metric that a file in `deploy` names exists."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
import yaml

from student_graph.adapters.registry import build_settings, find_adapter
from student_graph.gateway.config import settings_file
from student_graph.gateway.telemetry import catalog
from student_graph.gateway.web.routes.health import Readiness
from tests.deploy.files import CHART, COMPOSE, DEPLOY, compose_services, unit_settings
from tests.docs.test_commands import unknown
from tests.subcases import subcases

CONTAINER_FILE = (DEPLOY / "container" / "Containerfile").read_text()
STATEFUL_SET = (CHART / "templates" / "statefulset.yaml").read_text()
VALUES = yaml.safe_load((CHART / "values.yaml").read_text())
INSTALLED_SETTINGS = "/etc/student-graph/gateway.toml"


def commands() -> dict[str, list[str]]:
    """Each use of `student-graph` in the files, by where it is: its arguments."""
    cmd, health = re.findall(r"^CMD (\[.*\])$|HEALTHCHECK .* CMD (\[.*\])$", CONTAINER_FILE, re.MULTILINE)[::-1]
    [exec_start] = [value for name, value in unit_settings() if name == "ExecStart"]
    [pod_arguments] = re.findall(r"^ +args: (\[.*\])$", STATEFUL_SET, re.MULTILINE)
    return {
        "container": json.loads(cmd[0]),
        "container's health": json.loads(health[1])[1:],
        "compose's health": compose_services()["gateway-1"]["healthcheck"]["test"][2:],
        "pod": json.loads(pod_arguments),
        "unit": exec_start.split()[1:],
    }


@subcases("where", commands())
def test_the_commands_have_these_options(where: str) -> None:
    """`student-graph` takes the arguments."""
    assert commands()[where]
    assert unknown(commands()[where]) == []


@pytest.mark.parametrize("where", ["container", "pod", "unit"])
def test_the_settings_are_where_the_command_reads_them(where: str) -> None:
    """All kinds of installation have the same path."""
    assert INSTALLED_SETTINGS in commands()[where]


def test_the_containers_mount_what_the_command_reads() -> None:
    """Settings and secrets of the compose file, and the settings of the chart."""
    gateway = compose_services()["gateway-1"]

    assert gateway["configs"][0]["target"] == INSTALLED_SETTINGS
    assert f"/run/secrets/{gateway['secrets'][0]['target']}" in commands()["container"]
    assert "mountPath: /etc/student-graph," in STATEFUL_SET


@pytest.fixture(params=["compose", "chart"])
def settings_path(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """A settings file of `deploy`, alone in a folder."""
    path = tmp_path / "gateway.toml"
    path.write_text((COMPOSE / "gateway.toml").read_text() if request.param == "compose" else VALUES["settings"])
    return path


def test_the_settings_are_accepted(settings_path: Path) -> None:
    """Also those of the adapters."""
    environ = dict.fromkeys(re.findall(r'_env = "(\w+)"', settings_path.read_text()), "x" * 32)

    for district in settings_file.load(settings_path).districts:
        for source in district.sources:
            assert build_settings(find_adapter(source.kind), source.name, source.settings, environ)


def test_the_settings_fit_a_container(settings_path: Path) -> None:
    """The gateway listens on the port that is published, and writes where a volume is."""
    settings = settings_file.load(settings_path)

    assert (settings.server.host, settings.server.port) == ("0.0.0.0", 8000)  # noqa: S104 - of the container
    assert settings.disclosure.directory.is_relative_to("/var/lib/student-graph")
    assert "EXPOSE 8000" in CONTAINER_FILE


def test_the_gateways_share_what_a_vendor_allows(settings_path: Path) -> None:
    """Otherwise each of them would send as much as the vendor allows to all."""
    gateways = [name for name in compose_services() if name.startswith("gateway")]

    assert settings_file.load(settings_path).server.gateways == len(gateways) == VALUES["replicas"]


def test_the_time_to_stop_is_enough(settings_path: Path) -> None:
    """The drain and the requests in flight end before anything kills the process."""
    longest = settings_file.load(settings_path).server.drain + 10 + 5
    [of_unit] = [int(value) for name, value in unit_settings() if name == "TimeoutStopSec"]

    assert int(compose_services()["gateway-1"]["stop_grace_period"].removesuffix("s")) >= longest
    assert VALUES["terminationGracePeriodSeconds"] >= longest
    assert of_unit >= longest


def test_every_secret_of_the_settings_has_its_line_in_the_example() -> None:
    """`gateway.example.env` names all of them and no other."""
    named = set(re.findall(r'_env = "(\w+)"', (COMPOSE / "gateway.toml").read_text()))
    listed = re.findall(r"^(\w+)=$", (COMPOSE / "gateway.example.env").read_text(), re.MULTILINE)

    assert sorted(listed) == sorted(named)


def test_every_variable_of_the_compose_file_exists_there() -> None:
    """`example.env` sets only variables that the compose file reads."""
    read = set(re.findall(r"\$\{(\w+)", (COMPOSE / "compose.yaml").read_text()))
    listed = set(re.findall(r"^(\w+)=", (COMPOSE / "example.env").read_text(), re.MULTILINE))
    proxy = set(re.findall(r"\{\$(\w+)\}", (COMPOSE / "Caddyfile").read_text()))

    assert listed - read == set()
    assert proxy == set(compose_services()["proxy"]["environment"])


def test_the_probes_ask_addresses_of_the_gateway() -> None:
    """Those of the chart and of the proxy."""
    routes = {route.path for route in Readiness().routes()}
    probes = set(re.findall(r"httpGet: \{path: ([^,]+),", STATEFUL_SET))
    [of_proxy] = re.findall(r"health_uri (\S+)", (COMPOSE / "Caddyfile").read_text())

    assert probes == routes
    assert of_proxy in routes


def test_the_autoscaler_asks_for_a_metric_of_the_gateway() -> None:
    """Requests in flight, by the name that `/metrics` has."""
    assert VALUES["autoscaling"]["inFlight"]["metric"] == catalog.IN_FLIGHT.name

"""The compose file is valid, and its containers can do little."""

from __future__ import annotations

import ipaddress
import re
import subprocess
from typing import Any

import pytest
import yaml

from tests.deploy.files import COMPOSE, EXAMPLE_VALUES, ROOT, compose_services, compose_text, needs, program
from tests.subcases import subcases

SERVICES = compose_services()
CONTENT: dict[str, Any] = yaml.safe_load(compose_text())


@needs("compose_spec")
def test_the_file_is_valid_by_the_specification() -> None:
    """Each part has the members that it may have, and refers to networks, volumes and files that are there."""
    import compose_spec  # noqa: PLC0415 - only where it is installed

    # It reads no merges, so they are resolved first.
    compose_spec.PyCompose.from_yaml(yaml.safe_dump(yaml.safe_load(compose_text()))).validate()


@needs("compose_spec")
def test_a_wrong_file_is_not_valid() -> None:
    """A network that is not there is found."""
    import compose_spec  # noqa: PLC0415 - only where it is installed

    content = yaml.safe_load(compose_text())
    del content["networks"]["fleet"]

    with pytest.raises(ValueError, match="fleet"):
        compose_spec.PyCompose.from_yaml(yaml.safe_dump(content)).validate()


@pytest.mark.parametrize("name", EXAMPLE_VALUES)
def test_a_value_that_is_left_out_stops_compose(name: str) -> None:
    """There is no default for what only the operator knows."""
    with pytest.raises(KeyError, match=name):
        compose_text({key: value for key, value in EXAMPLE_VALUES.items() if key != name})


@subcases("name", SERVICES)
def test_a_container_can_do_little(name: str) -> None:
    """Its files are read-only, it has no capability, and it cannot gain one."""
    service = SERVICES[name]

    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert service.get("cap_add", []) == (["NET_BIND_SERVICE"] if name == "proxy" else [])
    assert "privileged" not in service
    assert name == "proxy" or not str(service["user"]).startswith("0")


def test_only_the_proxy_is_reached_from_outside() -> None:
    """No other service publishes a port."""
    assert [name for name, service in SERVICES.items() if "ports" in service] == ["proxy"]


def networks(name: str) -> set[str]:
    """The networks of a service."""
    return set(SERVICES[name]["networks"])


def test_redis_is_reached_by_the_gateways_only() -> None:
    """Neither the proxy nor the collector shares a network with it."""
    assert [name for name in SERVICES if networks(name) & networks("redis")] == ["gateway-1", "gateway-2", "redis"]


def test_every_gateway_has_a_record_of_its_own() -> None:
    """The processes of two containers would not see each other's files as theirs."""
    volumes = [SERVICES[name]["volumes"] for name in ("gateway-1", "gateway-2")]

    assert [volume for [volume] in volumes] == [
        "record-1:/var/lib/student-graph",
        "record-2:/var/lib/student-graph",
    ]


def test_a_file_of_secrets_belongs_to_the_user_who_reads_it() -> None:
    """Compose ignores an owner and a mode beside the name of a file, so the instructions set them on the file."""
    files = {name: secret["file"].removeprefix("./") for name, secret in CONTENT["secrets"].items()}
    owners = {
        files[secret["source"]]: service["user"]
        for service in SERVICES.values()
        for secret in service.get("secrets", ())
        if secret.keys() == {"source", "target"}
    }
    instructions = (ROOT / "docs" / "operations.md").read_text()

    assert owners.keys() == {"gateway.env", "redis-password.conf"}
    for file, user in owners.items():
        assert f"chown {user} {file}" in instructions
    assert f"chmod 400 {' '.join(owners)}" in instructions


def test_the_pages_of_operators_are_not_for_everybody() -> None:
    """The proxy does not pass on what is about the whole gateway."""
    [paths] = re.findall(r"@operators path (.+)", (COMPOSE / "Caddyfile").read_text())

    assert set(paths.split()) == {"/metrics", "/health/settings", "/health/memory", "/health/workers"}


def test_the_proxy_has_its_address_in_its_network() -> None:
    """The gateways know it by that."""
    content: dict[str, Any] = yaml.safe_load(compose_text())
    [pool] = content["networks"]["front"]["ipam"]["config"]
    address = content["services"]["proxy"]["networks"]["front"]["ipv4_address"]

    assert ipaddress.ip_address(address) in ipaddress.ip_network(pool["subnet"])


@needs("caddy")
def test_caddy_accepts_the_file_of_the_proxy() -> None:
    """As it is formatted by Caddy itself."""
    environ = EXAMPLE_VALUES | {"GATEWAYS": SERVICES["proxy"]["environment"]["GATEWAYS"], "HOME": "/nonexistent"}
    caddy = str(program("caddy"))

    for command in (["adapt", "--validate"], ["fmt", "--diff"]):
        done = subprocess.run(  # noqa: S603 - a program of our environment
            [
                caddy,
                command[0],
                *command[1:],
                *(["--config"] if command[0] == "adapt" else []),
                COMPOSE / "Caddyfile",
            ],
            env=environ,
            capture_output=True,
            text=True,
            check=False,
        )
        changed = re.findall(r"^[+-] .*", done.stdout, re.MULTILINE) if command[0] == "fmt" else []
        assert (done.returncode, changed) == (0, []), done.stderr


def test_redis_keeps_nothing_on_a_disk() -> None:
    """And evicts what was used longest ago, instead of refusing writes."""
    lines = dict(line.split(maxsplit=1) for line in (COMPOSE / "redis.conf").read_text().splitlines()
                 if line and line[0] != "#")  # fmt: skip

    assert (lines["save"], lines["appendonly"]) == ('""', "no")
    assert lines["maxmemory-policy"] == "volatile-lru"


def test_the_pipelines_of_the_collector_are_complete() -> None:
    """Each receiver, processor and exporter that a pipeline names is defined, and none is left over."""
    content = yaml.safe_load((COMPOSE / "collector.yaml").read_text())

    for kind in ("receivers", "processors", "exporters"):
        used = {name for pipeline in content["service"]["pipelines"].values() for name in pipeline[kind]}
        assert used == set(content[kind])
    assert content["service"]["extensions"] == list(content["extensions"])

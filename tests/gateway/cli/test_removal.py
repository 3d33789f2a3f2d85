"""`student-graph districts remove` removes all stored data of a district, proves it, and touches no other one."""

from __future__ import annotations

import asyncio
import base64
import json
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
import redis

from student_graph.adapters.edfi.sandbox import EdFiSandbox
from student_graph.adapters.model import DistrictId, Sensitivity
from student_graph.adapters.sandbox.district import make_district
from student_graph.adapters.sandbox.serving import served
from student_graph.gateway.cache.fleet.encryption import Encryptor
from student_graph.gateway.cache.fleet.redis_fleet import RedisFleet
from student_graph.gateway.cache.fleet.redis_store import RedisStore
from student_graph.gateway.cache.purges import Purge
from student_graph.gateway.cli.main import main
from student_graph.gateway.disclosure.entries import DisclosedRecords, Entry, OperationSummary, disclosure_entry
from student_graph.gateway.disclosure.keys import DisclosureKeys
from student_graph.gateway.disclosure.log import DisclosureLog
from student_graph.gateway.disclosure.verification import verify_log
from student_graph.resolvers.context import Viewer, ViewerRole
from tests.gateway.redis_server import RedisServer, redis_server
from tests.gateway.servers import ROOT

FLEET_KEY, RECORD_KEY, OTHER_KEY = b"f" * 32, b"r" * 32, b"o" * 32
KEYS = DisclosureKeys(RECORD_KEY)
FACTS = make_district(20)
DALE, HILL = DistrictId("dale"), DistrictId("hill")
SUMMARY = OperationSummary("sha256:00", 'Text with "tenant":"hill"', ("Student.name",))


def settings(redis_url: str, sandbox: EdFiSandbox, *districts: str) -> str:
    """A settings file for some districts."""
    source = sandbox.source_settings()
    lines = [
        f'[cache]\nredis = "{redis_url}"\nredis_timeout = 1.0\nkey_env = "FLEET"',
        '[disclosure]\nkey_env = "RECORD"\n[service_levels]\ndirectory = "levels"',
    ]
    for district in districts:
        lines.append(f'[[districts]]\nid = "{district}"\nname = "{district}"\ntime_zone = "UTC"')
        lines.append('school_year_starts = "07-01"\n[districts.warm]\nat = ["06:45"]\nparts = ["rosters"]')
        lines.append(f'schools = ["{FACTS.schools[0].id}"]\n[[districts.sources]]\nname = "sis"\nkind = "edfi"')
        lines.append(f'base_url = "{source["base_url"]}"\nnetworks = ["127.0.0.0/8"]\nstudents = 20')
        lines.append(f'client_id = "{source["client_id"]}"\nclient_secret_env = "SECRET"')
    return "\n".join(lines)


def entry(district: DistrictId, *students: str) -> Entry:
    """An entry of the record."""
    viewer = Viewer("ada", ViewerRole.TEACHER, frozenset({district}), issuer="https://login.example")
    records = DisclosedRecords({Sensitivity.OPEN: Counter(students)})
    return disclosure_entry(KEYS, viewer, SUMMARY, district, records, policy="sha256:11", denied=0)


async def write_record(folder: Path, *, close: bool = True) -> DisclosureLog:
    """A file with three lines about Hill, one of them a repetition, and two about Dale."""
    log = DisclosureLog(folder, KEYS)
    repeated = entry(HILL, "s1")
    for written in (entry(DALE, "d1"), repeated, entry(HILL, "s2"), repeated, entry(DALE, "d2")):
        log.write([written], {f"{written.district}/sis": (b"fresh", 1.0)}, "r" * 32)
    if close:
        await log.close()
    return log


async def publish(redis_url: str) -> None:
    """Let a process of the fleet publish purges and claim work of both districts."""
    store = RedisStore(redis_url, Encryptor(FLEET_KEY), timeout=10.0)
    fleet = RedisFleet(store, {})
    for district in (DALE, HILL):
        await fleet.publish_purge(Purge(district=district, students=frozenset({"s1"})))
        assert await fleet.claim(f"warm/{district}/2026-11-25T06:45", 3600)
        assert await fleet.claim(f"calendars/{district}", 3600)
    await store.close()


class Gateway(NamedTuple):
    """The storage of a gateway that Hill has left."""

    folder: Path
    server: RedisServer
    settings: str
    """Without Hill."""

    @property
    def config(self) -> Path:
        """The settings file."""
        return self.folder / "gateway.toml"

    def keys(self) -> set[bytes]:
        """All keys on Redis, except the mark of the fleet's key."""
        client = redis.Redis(port=self.server.port)
        keys = set(client.keys("*")) - {b"student-graph:key"}
        client.close()
        return keys


@pytest.fixture
def gateway(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Iterator[Gateway]:
    """A gateway that has warmed both districts, and shown students of both."""
    sandbox = EdFiSandbox(FACTS)
    for name, key in (("FLEET", FLEET_KEY), ("RECORD", RECORD_KEY)):
        monkeypatch.setenv(name, base64.b64encode(key).decode())
    monkeypatch.setenv("SECRET", str(sandbox.settings()["client_secret"]))
    with redis_server() as server, served(sandbox):
        gateway = Gateway(tmp_path, server, settings(server.url, sandbox, "dale"))
        gateway.config.write_text(settings(server.url, sandbox, "dale", "hill"))
        for district in ("dale", "hill"):
            with pytest.raises(SystemExit):
                main(["warm", "--config", str(gateway.config), "--district", district])
            (tmp_path / "levels" / district).mkdir(parents=True)
            (tmp_path / "levels" / district / "2026-11-25.w1.json").write_text("{}")
        asyncio.run(publish(server.url))
        asyncio.run(write_record(tmp_path / "disclosures"))
        capsys.readouterr()
        yield gateway


def remove(gateway: Gateway, *options: str) -> int:
    """Run the command for Hill, and return its exit status."""
    with pytest.raises(SystemExit) as caught:
        main(["districts", "remove", "--config", str(gateway.config), "--district", "hill", *options])
    assert isinstance(caught.value.code, int)
    return caught.value.code


def test_all_that_is_kept_of_a_district_is_removed_and_nothing_of_another(
    gateway: Gateway, capsys: pytest.CaptureFixture[str]
) -> None:
    """Hill is refused while it is in the settings; then it is listed, and removed; the record after its export."""
    assert remove(gateway, "--yes") == 2
    assert "still has the district 'hill'" in capsys.readouterr().err

    gateway.config.write_text(gateway.settings)
    before = gateway.keys()
    assert remove(gateway) == 0
    listed = capsys.readouterr().out
    answers = int(re.search(r"(\d+) cached answers, 2 claims, 1 event\n", listed)[1])  # type: ignore[index]
    assert answers > 0
    assert "counts for service levels: 1 file\n" in listed
    assert "record of disclosures: 3 lines in 1 file\n" in listed
    assert "nothing was removed" in listed
    assert gateway.keys() == before

    assert remove(gateway, "--yes") == 0
    left = gateway.keys()
    assert len(before - left) == answers + 2
    assert left >= {b"student-graph:w:calendars/dale", b"student-graph:news"}
    proof = capsys.readouterr().out.split("searched again after the removal:")[1]
    assert "on Redis: 0 cached answers, 0 claims, 0 events" in proof
    assert "counts for service levels: 0 files" in proof
    assert "record of disclosures: 3 lines" in proof
    assert (gateway.folder / "levels" / "dale").exists()

    with pytest.raises(SystemExit):
        main(["disclosures", "--config", str(gateway.config), "--district", "hill", "--student", "s1"])
    assert capsys.readouterr().out.count("ada") == 2

    export = gateway.folder / "hill.jsonl"
    assert remove(gateway, "--yes", "--export-record", str(export), "--delete-record") == 0
    assert "record of disclosures: 0 lines in 0 files" in capsys.readouterr().out
    explanation, *lines = [json.loads(line) for line in export.read_text().splitlines()]
    student = KEYS.pseudonym("hill", "s1")
    assert explanation["district"] == "hill"
    assert [student in line["students"] for line in lines] == [True, False, True]
    assert {line["actor"]["id"]["subject"] for line in lines} == {"ada"}
    assert export.stat().st_mode & 0o077 == 0
    records = gateway.folder / "disclosures"
    assert not verify_log(records, KEYS.signing_key.public_key()).problems
    text = b"".join(path.read_bytes() for path in records.glob("*.jsonl"))
    assert (text.count(b'"tenant":"hill"'), text.count(b'"tenant":"dale"')) == (0, 2)

    assert remove(gateway, "--yes") == 0
    assert "nothing is kept of it" in capsys.readouterr().out


def test_nothing_is_removed_without_redis_or_with_another_key(
    gateway: Gateway, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A wrong key would find nothing, so it is no proof; neither is a Redis that does not answer."""
    gateway.config.write_text(gateway.settings)
    before = gateway.keys()
    assert remove(gateway, "--delete-record", "--yes") == 2
    assert "--delete-record: needs --export-record" in capsys.readouterr().err
    monkeypatch.setenv("FLEET", base64.b64encode(OTHER_KEY).decode())
    assert remove(gateway, "--yes") == 2
    assert "a fleet with another key has the name 'student-graph'" in capsys.readouterr().err
    assert gateway.keys() == before
    gateway.server.kill()
    assert remove(gateway, "--yes") == 2
    assert "Redis cannot be searched: ConnectionError" in capsys.readouterr().err
    assert (gateway.folder / "levels" / "hill").exists()


def test_the_steps_for_operators_name_options_that_exist(capsys: pytest.CaptureFixture[str]) -> None:
    """The page docs/operations.md names options of this command, and one of `disclosures`."""
    page = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
    section = page.split("## When a district leaves")[1].split("\n## ")[0]
    with pytest.raises(SystemExit):
        main(["districts", "remove", "--help"])
    options = set(re.findall(r"--[a-z-]+", capsys.readouterr().out))
    assert set(re.findall(r"--[a-z-]+", section)) - options == {"--student"}
    assert {"--yes", "--export-record", "--delete-record"} <= options

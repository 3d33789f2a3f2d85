"""A process begins new files by itself: by size and by day; nothing is lost, written twice or held up."""

from __future__ import annotations

import base64
import json
import os
import subprocess
import sys
from itertools import pairwise
from pathlib import Path
from typing import Any

from student_graph.gateway.disclosure.chain import OTHERS, Chain
from student_graph.gateway.disclosure.log import DisclosureLog
from student_graph.gateway.disclosure.reading import check, seen
from student_graph.gateway.disclosure.signatures import ENDED, beside, opened
from tests.gateway.cache.small_cache import Clock, until
from tests.gateway.disclosure.test_record import PUBLIC, SECRETS, told, write
from tests.gateway.disclosure.test_tampering import checked, files_in

DAY = 86_400.0
NOON = 1_795_608_000.0
"""A noon (UTC), in seconds since 1970."""


def told_in(path: Path) -> list[str]:
    """Whom each line of a file is about; one that names another line must find that in the same file."""
    lines = [json.loads(line) for line in path.read_bytes().splitlines()]
    full = {line["id"]: line["students"] for line in lines if "students" in line}
    return [full[line.get("same", line["id"])] for line in lines if "count" in line]


def students(*names: str) -> list[list[str]]:
    return [[SECRETS.pseudonym("hill", name)] for name in names]


def start_of(path: Path) -> dict[str, Any]:
    return dict(json.loads(path.read_bytes().splitlines()[0]))


async def test_a_file_that_is_large_enough_is_followed_by_another(tmp_path: Path) -> None:
    """At once, by itself: the old one is ended as at a stop, the new one names it and how far it was."""
    log = DisclosureLog(tmp_path, SECRETS, size=10_000)
    log.start()
    paths, number = [log.chain.path], 0
    while len(paths) < 3:
        while log.chain.size < 10_000:
            write(log, told(f"s{number}"))
            number += 1

        async def changed() -> bool:
            return log.chain.path not in paths

        await until(changed)
        paths.append(log.chain.path)
    await log.close()
    recorded = [each for path in paths for each in told_in(path)]
    assert recorded == students(*(f"s{each}" for each in range(number)))
    for old, new in pairwise(paths):
        head = opened(beside(old).read_bytes(), PUBLIC)
        assert head is not None
        assert (head.kind, head.lines) == (ENDED, len(old.read_bytes().splitlines()))
        assert start_of(new)["follows"] == old.name
        assert (old.name, head.lines - 1) in [(each["file"], each["lines"]) for each in start_of(new)["others"]]
    found = check(tmp_path, PUBLIC)
    assert (found.problems, found.notes, found.files) == ([], [], 3)


async def test_a_file_is_named_by_the_one_that_follows_it_whatever_came_between(tmp_path: Path) -> None:
    """A hundred others may have been begun, and be the newest by their names: it is missed all the same."""
    wall = Clock(NOON)
    log = DisclosureLog(tmp_path, SECRETS, size=1, wall=wall)
    old = log.chain.path
    write(log, told("s1"))
    wall.now += 60
    for _ in range(OTHERS):
        Chain(tmp_path, SECRETS.signing, wall=wall).close()
    await log.sign()
    await log.close()
    assert len(start_of(log.chain.path)["others"]) == OTHERS + 1
    files = {name: content for name, content in files_in(tmp_path).items() if not name.startswith(old.stem)}
    assert [(each.file, each.what[:16]) for each in checked(files).problems] == [(old.name, "the file is gone")]


async def test_each_day_has_a_file_of_its_own(tmp_path: Path) -> None:
    """The first signature of a new day (UTC) changes files; others do not."""
    wall = Clock(NOON)
    log = DisclosureLog(tmp_path, SECRETS, wall=wall)
    names = []
    for now in (NOON, NOON + DAY / 2 - 1, NOON + DAY / 2, NOON + DAY, NOON + 3 * DAY):
        wall.now = now
        write(log, told("s1"))
        await log.sign()
        names.append(log.chain.name)
    await log.close()
    assert [name[11:19] for name in names] == ["20261125", "20261125", "20261126", "20261126", "20261128"]
    assert len(set(names)) == 3
    assert check(tmp_path, PUBLIC).problems == []


async def test_each_file_can_be_read_alone(tmp_path: Path) -> None:
    """What was disclosed before is written in full once more in each file, and once only."""
    log = DisclosureLog(tmp_path, SECRETS, size=3_000)
    same, paths = told("s1", "s2"), []
    for _ in range(3):
        paths.append(log.chain.path)
        while log.chain.size < 3_000:
            write(log, same)
        await log.sign()
    await log.close()
    mine = SECRETS.pseudonym("hill", "s1")
    everything = [line["id"] for line in seen(tmp_path, mine)]
    alone = []
    for number, path in enumerate(paths):
        folder = tmp_path / str(number)
        folder.mkdir()
        (folder / path.name).write_bytes(path.read_bytes())
        lines = list(seen(folder, mine))
        assert ["same" in line for line in lines] == [False, *[True] * (len(lines) - 1)]
        assert {(line["opName"], line["count"]) for line in lines} == {("Roster", 2)}
        alone += [line["id"] for line in lines]
    assert sorted(alone) == sorted(everything)
    assert len(alone) == log.written


def test_the_size_of_a_file_is_a_setting(tmp_path: Path) -> None:
    """In MiB; a process of `serve` keeps to it."""
    path = tmp_path / "gateway.toml"
    path.write_text(
        '[disclosure]\nkey_env = "RECORD"\nfile_mib = 1\n'
        '[[districts]]\nid = "hill"\nname = "Hill"\ntime_zone = "America/Denver"\n'
        '[[districts.sources]]\nname = "sis"\nkind = "edfi"\n'
    )
    code = (
        "import asyncio, pathlib, sys\n"
        "from student_graph.gateway.cli import serve\n"
        "from student_graph.gateway.config import settings_file\n"
        "from tests.gateway.disclosure.test_record import *\n"
        "path = pathlib.Path(sys.argv[1])\n"
        "log = serve._disclosures(settings_file.load(path), path)\n"
        "for count in (10_000, 20_000):\n"
        "    write(log, told(*(f's{n}' for n in range(count))))\n"
        "    asyncio.run(log.sign())\n"
        "    print(len(list(log.chain.path.parent.glob(NAME))))\n"
        "asyncio.run(log.close())\n"
    )
    environ = os.environ | {"RECORD": base64.b64encode(b"s" * 32).decode()}
    told_of = subprocess.run(  # noqa: S603 - our own
        [sys.executable, "-c", code, str(path)], check=True, env=environ, capture_output=True, text=True
    )
    assert told_of.stdout.split() == ["1", "2"]
    assert check(tmp_path / "disclosures", PUBLIC).problems == []

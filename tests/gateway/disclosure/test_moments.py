"""Whoever keeps copies of how files were, at any moment of a change, cannot put one back unseen."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import ClassVar

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from student_graph.gateway.disclosure.chain import Chain
from student_graph.gateway.disclosure.log import DisclosureLog
from student_graph.gateway.disclosure.signatures import beside
from tests.gateway.disclosure.test_record import SECRETS, told, write
from tests.gateway.disclosure.test_tampering import Files, checked, files_in


class Watched(Chain):
    """A file of which is noted how all were at each moment at which something was signed."""

    moments: ClassVar[list[Files]] = []

    def keep(self, lines: int, told: bytes) -> None:
        Watched.moments.append(files_in(self.path.parent))
        super().keep(lines, told)
        Watched.moments.append(files_in(self.path.parent))

    def end(self) -> tuple[int, bytes]:
        Watched.moments.append(files_in(self.path.parent))
        return super().end()


async def _changed(folder: Path) -> list[Files]:
    """All moments of a process with four files, with lines between any two things that it does."""
    log = DisclosureLog(folder, SECRETS, size=2_000, open_chain=Watched)
    for file in range(4):
        for number in range(5):
            write(log, told(f"s{file}", f"s{number}"))
        log.chain.sign()
        write(log, told("s5"))
        if file < 3:
            await log.sign()
    await log.close()
    return [*Watched.moments, files_in(folder)]


@pytest.fixture(scope="module")
def moments(tmp_path_factory: pytest.TempPathFactory) -> list[Files]:
    """Of one process; the last one is how it left its files."""
    return asyncio.run(_changed(tmp_path_factory.mktemp("record")))


@pytest.mark.row("L10", "E03")
def test_a_process_that_is_killed_at_any_moment_of_a_change_leaves_a_whole_record(moments: list[Files]) -> None:
    """Also when the new file was begun and the old one had not ended: neither holds what is not vouched for."""
    assert [checked(files).problems for files in moments] == [[]] * len(moments)
    unended = [files for files in moments if len(checked(files).notes) > 1]
    assert len(unended) == 3


@pytest.mark.row("L10")
@settings(max_examples=400, deadline=None)
@given(data=st.data())
def test_an_older_state_of_any_file_but_the_newest_is_found(data: st.DataObject, moments: list[Files]) -> None:
    """Of the moment before the file was ended too, and whatever signature is put beside it."""
    whole = moments[-1]
    names = sorted(name for name in whole if name.endswith(".jsonl") and _is_followed(name, whole))
    assert len(names) == 3
    name = data.draw(st.sampled_from(names))
    files = dict(whole)
    for each in (name, beside(Path(name)).name):
        older = {moment.get(each) for moment in moments}
        content = data.draw(st.sampled_from(sorted(older, key=repr)))
        if content is None:
            del files[each]
        else:
            files[each] = content
    assume(files.get(name) != whole[name])
    assert checked(whole).problems == []
    assert checked(files).problems


def _is_followed(name: str, files: Files) -> bool:
    return any(f'"follows":"{name}"'.encode() in content for content in files.values())

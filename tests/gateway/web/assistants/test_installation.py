"""The SDK of the protocol is only there where tools are offered."""

from __future__ import annotations

import subprocess
import sys

import pytest

from student_graph.adapters.registry import SettingsError
from student_graph.gateway.web.assistants.endpoint import load_protocol
from student_graph.gateway.web.assistants.settings import AssistantSettings


def test_a_gateway_without_tools_does_not_import_the_sdk() -> None:
    """Neither its start nor its memory changes."""
    program = (
        "import sys; import student_graph.gateway.cli.serve; "
        "from student_graph.gateway.server.service import Service; Service([], {}).app(); "
        "print(sorted({'jsonschema', 'mcp', 'mcp_types'} & set(sys.modules)))"
    )
    done = subprocess.run(  # noqa: S603 - our own program
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=600, check=False
    )

    assert (done.stdout, done.stderr) == ("[]\n", "")


def test_tools_without_the_sdk_are_refused_with_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    """The package is an extra."""
    monkeypatch.delitem(sys.modules, "student_graph.gateway.web.assistants.protocol", raising=False)
    monkeypatch.setitem(sys.modules, "mcp_types", None)  # Python's own sign of a module that is not there

    with pytest.raises(SettingsError, match=r"assistants: install student-graph\[assistants\]"):
        load_protocol(AssistantSettings("https://graph.example/mcp", {}), [])

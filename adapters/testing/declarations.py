"""What an adapter says of itself must be true."""

from __future__ import annotations

import inspect
import re
from typing import Any

import pydantic
import pytest
from pydantic import SecretStr

from student_graph.adapters.contract import CONTRACT_VERSION, Adapter
from student_graph.adapters.lookup import Lookup, lookup_of, lookups_of
from student_graph.adapters.registry import settings_schema
from student_graph.adapters.sandbox.serving import Sandbox
from student_graph.adapters.testing.asking import build, built


class Declarations:
    """Capabilities, signatures and settings."""

    kind: type[Adapter]

    def test_some_lookup_is_supported(self) -> None:
        """An adapter that answers nothing is a mistake."""
        assert self.kind.capabilities()

    def test_every_lookup_it_defines_is_one_of_the_contract(self) -> None:
        """A lookup with a name that the contract does not have would never be asked."""
        ours = {lookup.name for lookup in lookups_of(Adapter)}
        methods = {name for name, _ in inspect.getmembers(self.kind, inspect.isfunction) if "_by_" in name}

        assert {name for name in methods if not name.startswith("_")} <= ours

    def test_the_signature_is_the_contracts(self, lookup: Lookup) -> None:
        """Same names, same kinds, same defaults, and a coroutine."""
        method = getattr(self.kind, lookup.name)
        expected, actual = (
            [(p.name, p.kind, p.default) for p in inspect.signature(each).parameters.values()]
            for each in (lookup.method, method)
        )

        assert expected == actual
        assert inspect.iscoroutinefunction(method)

    def test_it_declares_the_contract_it_was_built_for(self) -> None:
        """The gateway starts no adapter of another version."""
        assert self.kind.contract == CONTRACT_VERSION

    def test_access_paths_lead_from_and_to_supported_lookups(self) -> None:
        """A coarser way that the adapter cannot go is none."""
        for method, split in self.kind.paths.items():
            assert self.kind.supports(method), lookup_of(method).name
            assert self.kind.supports(split.coarse_lookup), lookup_of(split.coarse_lookup).name

    def test_every_setting_is_described(self) -> None:
        """The schema of the settings is what an operator reads."""
        properties = settings_schema(self.kind)["properties"]

        assert [name for name, each in properties.items() if not each.get("description")] == []

    def test_settings_hide_secrets(self, sandbox: Sandbox) -> None:
        """Neither the settings nor an error about them nor the authentication shows a secret."""
        given: dict[str, Any] = sandbox.settings()
        adapter = build(sandbox, kind=self.kind)
        settings = adapter.settings
        told = f"{settings!r} {settings} {settings.model_dump_json()} {vars(adapter.auth())!r}"
        with pytest.raises(pydantic.ValidationError) as caught:
            self.kind.settings_type().model_validate(given | {"base_url": 7, "no_such_setting": 1})
        told += str(caught.value)

        for name, setting in settings:
            secret = re.search(r"(token|secret|password)$", name) is not None
            assert isinstance(setting, SecretStr | None) or not secret, f"{name} is no SecretStr"
            assert not isinstance(setting, SecretStr) or setting.get_secret_value() not in told, name

    async def test_check_says_what_answered(self, sandbox: Sandbox) -> None:
        """The credentials of the sandbox work, and `check` says so."""
        async with built(sandbox, kind=self.kind) as adapter:
            assert await adapter.check()

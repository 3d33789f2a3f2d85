"""Tests of what an adapter declares: its lookups, signatures, access paths and settings."""

from __future__ import annotations

import inspect
import re
from typing import Any

import pydantic
import pytest
from pydantic import SecretStr

from student_graph.adapters.contract import CONTRACT_VERSION, Adapter
from student_graph.adapters.lookup import Lookup, lookup_of, lookups_of
from student_graph.adapters.registry import declared_contract, settings_schema
from student_graph.adapters.sandbox.serving import Sandbox
from student_graph.adapters.testing.harness import build_adapter, open_adapter


class Declarations:
    """Tests of capabilities, signatures and settings."""

    kind: type[Adapter]

    def test_some_lookup_is_supported(self) -> None:
        """An adapter supports at least one lookup."""
        assert self.kind.capabilities()

    def test_every_lookup_it_defines_is_one_of_the_contract(self) -> None:
        """
        A public method named like a lookup is a lookup of the contract; the gateway would never call another.
        """
        contract = {lookup.name for lookup in lookups_of(Adapter)}
        methods = {name for name, _ in inspect.getmembers(self.kind, inspect.isfunction) if "_by_" in name}

        assert {name for name in methods if not name.startswith("_")} <= contract

    def test_the_signature_is_the_contracts(self, lookup: Lookup) -> None:
        """An override has the parameters of the contract, with the same kinds and defaults, and is a coroutine."""
        method = getattr(self.kind, lookup.name)
        expected, actual = (
            [(p.name, p.kind, p.default) for p in inspect.signature(function).parameters.values()]
            for function in (lookup.method, method)
        )

        assert expected == actual
        assert inspect.iscoroutinefunction(method)

    def test_it_declares_the_contract_it_was_built_for(self) -> None:
        """The class of the adapter states the version of the contract; the gateway refuses any other, or none."""
        assert declared_contract(self.kind) == CONTRACT_VERSION

    def test_access_paths_lead_from_and_to_supported_lookups(self) -> None:
        """The adapter supports the lookup of an access path and its coarse lookup."""
        for method, access_paths in self.kind.paths.items():
            assert self.kind.supports(method), lookup_of(method).name
            for path in access_paths:
                assert self.kind.supports(path.coarse_lookup), lookup_of(path.coarse_lookup).name

    def test_every_setting_is_described(self) -> None:
        """Every setting has a description, which operators read in the schema of the settings."""
        properties = settings_schema(self.kind)["properties"]

        assert [name for name, schema in properties.items() if not schema.get("description")] == []

    def test_settings_hide_secrets(self, sandbox: Sandbox) -> None:
        """No secret appears in the settings, in an error about them, or in the authentication."""
        values: dict[str, Any] = sandbox.settings()
        adapter = build_adapter(sandbox, kind=self.kind)
        settings = adapter.settings
        texts = f"{settings!r} {settings} {settings.model_dump_json()}"
        if (auth := adapter.auth()) is not None:
            texts += repr(vars(auth))
        with pytest.raises(pydantic.ValidationError) as caught:
            self.kind.settings_type().model_validate(values | {"base_url": 7, "no_such_setting": 1})
        texts += str(caught.value)

        for name, setting in settings:
            secret = re.search(r"(token|secret|password)$", name) is not None
            assert isinstance(setting, SecretStr | None) or not secret, f"{name} is not a SecretStr"
            assert not isinstance(setting, SecretStr) or setting.get_secret_value() not in texts, name

    async def test_check_names_the_server(self, sandbox: Sandbox) -> None:
        """With the sandbox's credentials, `check` returns the name of the server."""
        async with open_adapter(sandbox, kind=self.kind) as adapter:
            assert await adapter.check()

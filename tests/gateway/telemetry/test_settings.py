"""Settings of telemetry: what is wrong is said in clear words, before anything starts."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest

from student_graph.adapters.registry import SettingsError
from student_graph.gateway.cli.serving.fixed import changed_setting
from student_graph.gateway.config import environment, settings_file
from student_graph.gateway.telemetry.observer import Observer
from student_graph.gateway.telemetry.settings import TelemetrySettings

DISTRICT = """
[[districts]]
id = "hill"
name = "Hill"
time_zone = "UTC"
sources = [{ name = "sis", kind = "edfi" }]
"""
SECRET = "s" * 40


def load(tmp_path: Path, section: str) -> settings_file.Config:
    """The settings with a section of telemetry."""
    path = tmp_path / "district.toml"
    path.write_text(f"{DISTRICT}\n[telemetry]\n{section}\n", encoding="utf-8")
    return settings_file.load(path)


WRONG = {
    'endpoint = "collector:4318"': "telemetry.endpoint: ",
    'endpoint = "http://user:password@collector:4318"': "headers_env",
    'endpoint = "http://collector:99999"': "such as http://10.0.0.6:4318",
    'endpoint = "http://collector:4318?x=1"': "without /v1/traces",
    'endpoint = "http://collector:4318/v1/traces"': "without /v1/traces",
    'endpoint = "https://otlp.example/otlp/v1/metrics/"': "without /v1/traces",
    "sample = 1.5": "telemetry.sample: ",
    "sample = -0.1": "telemetry.sample: ",
    'sample = "often"': "telemetry.sample: ",
    "push_seconds = 0": "telemetry.push_seconds: ",
    "push_seconds = 15": "telemetry.push_seconds: set telemetry.endpoint",
    "context_to_vendors = true": "telemetry.context_to_vendors: set telemetry.endpoint",
    "caller_decides = true": "telemetry.caller_decides: set telemetry.endpoint",
    'headers_env = "HEADERS"': "telemetry.headers_env: set telemetry.endpoint",
    'metrics_token_env = "TOKEN"': "telemetry.metrics_token_env: set telemetry.metrics = true",
    "metric = true": "telemetry.metric",
}


@pytest.mark.parametrize(("section", "words"), WRONG.items(), ids=WRONG)
def test_a_wrong_setting_is_named(section: str, words: str, tmp_path: Path) -> None:
    """With what to change, and without its value where that may be a secret."""
    with pytest.raises(SettingsError) as caught:
        load(tmp_path, section)
    assert words in str(caught.value)
    assert "password@" not in str(caught.value)


@pytest.mark.parametrize(
    ("section", "environ", "words"),
    [
        ('metrics = true\nmetrics_token_env = "TOKEN"', {}, "the environment variable TOKEN is not set"),
        ('metrics = true\nmetrics_token_env = "TOKEN"', {"TOKEN": "short"}, "shorter than 32 characters"),
        ('endpoint = "http://c:4318"\nheaders_env = "HEADERS"', {}, "the environment variable HEADERS is not set"),
        ('endpoint = "http://c:4318"\nheaders_env = "HEADERS"', {"HEADERS": SECRET}, "must hold headers such as"),
        (
            'endpoint = "http://c:4318"\nheaders_env = "HEADERS"',
            {"HEADERS": f"a=b\r\n{SECRET}=c"},
            "must hold headers",
        ),
    ],
)
def test_a_wrong_secret_is_named_and_not_shown(
    section: str, environ: dict[str, str], words: str, tmp_path: Path
) -> None:
    """Also in `check`, which reads all secrets."""
    with pytest.raises(SettingsError) as caught:
        environment.telemetry_settings(load(tmp_path, section), Path("district.toml"), environ)
    assert words in str(caught.value)
    assert SECRET not in str(caught.value)


def test_right_settings_are_taken_as_they_are(tmp_path: Path) -> None:
    """Secrets come from the environment, and no text of the settings shows them."""
    section = """
    endpoint = "https://otlp.example/otlp/"
    headers_env = "HEADERS"
    sample = 0.25
    push_seconds = 15
    metrics = true
    metrics_token_env = "TOKEN"
    """
    environ = {"HEADERS": f"Authorization=Basic {SECRET}==, X-Scope-OrgID=hill", "TOKEN": SECRET}
    settings = environment.telemetry_settings(load(tmp_path, section), Path("district.toml"), environ)
    assert settings.endpoint == "https://otlp.example/otlp"
    assert settings.headers == {"Authorization": f"Basic {SECRET}==", "X-Scope-OrgID": "hill"}
    assert (settings.sample, settings.push_seconds, settings.metrics) == (0.25, 15.0, True)
    assert SECRET not in repr(settings)


@pytest.mark.parametrize("missing", ["opentelemetry", "prometheus_client"])
@pytest.mark.parametrize("settings", [{"endpoint": "http://c:4318"}, {"metrics": True}])
def test_a_missing_package_is_named_with_the_command_that_installs_it(
    missing: str, settings: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing is traced or measured without the extra; off, nothing needs it."""
    for name in [name for name in sys.modules if name.partition(".")[0] == missing]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setattr(sys, "meta_path", [_Without(missing), *sys.meta_path])
    with pytest.raises(SettingsError, match=r"pip install 'student-graph\[telemetry\]'"):
        Observer(TelemetrySettings(**settings))
    assert not Observer(TelemetrySettings()).is_on


class _Without:
    """Finds no module of a package."""

    def __init__(self, package: str) -> None:
        self._package = package

    def find_spec(self, name: str, *_: object) -> None:
        """Refuse the package's modules."""
        if name.partition(".")[0] == self._package:
            raise ModuleNotFoundError(name)


def test_a_reload_that_changes_telemetry_is_refused(tmp_path: Path) -> None:
    """Its threads and its counts belong to the process."""
    before, now = load(tmp_path, ""), load(tmp_path, "metrics = true")
    assert changed_setting(before, now) == "telemetry.metrics"

"""What `python -m benchmarks` does with a benchmark that fails."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from benchmarks import __main__ as runner
from benchmarks.support.figures import Row


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Any:
    """Run the benchmarks `page` and `day` quickly; `page` fails a number of times first."""

    def run(failures: int, *arguments: str) -> tuple[str, str, Any]:
        left = failures

        def module(name: str) -> SimpleNamespace:
            async def measure(*, quick: bool) -> list[Row]:
                nonlocal left
                assert quick
                if name == "benchmarks.page" and left:
                    left -= 1
                    raise RuntimeError("a reason that must be shown")
                return [Row(name.removeprefix("benchmarks."), "a case", "a time", 1.0, "s")]

            return SimpleNamespace(measure=measure)

        monkeypatch.setattr(runner, "import_module", module)
        monkeypatch.setattr("sys.argv", ["benchmarks", "page", "day", "--quick", *arguments])
        status: Any = 0
        try:
            runner.main()
        except SystemExit as exit_:
            status = exit_.code
        captured = capsys.readouterr()
        return captured.out, captured.err, status

    return run


def _measured(output: str) -> list[str]:
    """The benchmarks with a row in the table."""
    return [line.split()[0] for line in output.splitlines() if "a case" in line]


def test_a_failed_benchmark_is_named_with_its_error_and_the_others_are_measured(run: Any) -> None:
    output, errors, status = run(1)
    assert _measured(output) == ["day"]
    assert "a reason that must be shown" in errors
    assert status == "failed: page"


def test_a_benchmark_that_failed_once_is_measured_in_a_rerun_and_its_error_is_still_shown(run: Any) -> None:
    output, errors, status = run(1, "--reruns", "1")
    assert sorted(_measured(output)) == ["day", "page"]
    assert "a reason that must be shown" in errors
    assert status == 0


def test_a_run_ends_with_an_error_if_a_benchmark_fails_in_all_reruns(run: Any) -> None:
    output, _, status = run(2, "--reruns", "1")
    assert _measured(output) == ["day"]
    assert status == "failed: page"

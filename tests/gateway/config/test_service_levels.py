"""The settings of service levels: what they mean, and one clear line for each mistake."""

from __future__ import annotations

from pathlib import Path

import pytest

from student_graph.gateway.config import settings_file
from student_graph.gateway.config.service_levels import level_settings
from student_graph.gateway.telemetry.levels.objectives import Objective
from tests.gateway.config.test_settings_file import SETTINGS, error_of

OBJECTIVES = """
[districts.objectives]
seconds = 2.5
in_time = 0.95
answered = 0.999

[service_levels]
directory = "service-levels"
"""


def test_objectives_and_the_folder_are_read(tmp_path: Path) -> None:
    """The folder is beside the settings file; an objective that is left out is none."""
    path = tmp_path / "gateway.toml"
    path.write_text(SETTINGS + OBJECTIVES)
    config = settings_file.load(path)
    levels = level_settings(config.service_levels, tmp_path, ((d.id, d.objectives) for d in config.districts))
    [(district, objectives)] = levels.objectives.items()

    assert (levels.directory, levels.keep_months, levels.counts) == (tmp_path / "service-levels", 25, True)
    assert (district, objectives.seconds) == ("hill", 2.5)
    assert objectives.targets == {Objective.IN_TIME: 0.95, Objective.ANSWERED: 0.999}


def test_by_default_nothing_is_counted(tmp_path: Path) -> None:
    """Counting costs processor time for each page."""
    path = tmp_path / "gateway.toml"
    path.write_text(SETTINGS)
    config = settings_file.load(path)
    assert not level_settings(config.service_levels, tmp_path, [("hill", config.districts[0].objectives)]).counts


@pytest.mark.parametrize(("old", "new", "message"), [
    ("answered = 0.999", "answered = 1.0",
     "district 'hill': objectives.answered: must be under 1: at 100 % there is no page that may fail; 0.999 is"),
    ("answered = 0.999", "answered = 99.9",
     "district 'hill': objectives.answered: must be a share from 0.5 to less than 1, such as 0.999 for 99.9 %"),
    ("answered = 0.999", "answered = 1.001", "district 'hill': objectives.answered: must be a share from 0.5 to"),
    ("answered = 0.999", "answered = 0", "district 'hill': objectives.answered: must be a share from 0.5 to"),
    ("answered = 0.999", "answered = -1", "district 'hill': objectives.answered: must be a share from 0.5 to"),
    ("answered = 0.999", "answered = nan", "district 'hill': objectives.answered: must be a share from 0.5 to"),
    ("answered = 0.999", 'answered = "all"', "district 'hill': objectives.answered: input should be a valid"),
    ("seconds = 2.5", "seconds = 3",
     "district 'hill': objectives.seconds: must be one of the times by which pages are counted: 0.1, 0.25, 0.5, "),
    ("in_time = 0.95\nanswered = 0.999", "",
     "district 'hill': objectives: must be with a share for at least one of in_time, answered and complete"),
    ("in_time = 0.95", "in_tme = 0.95", "district 'hill': there is no setting objectives.in_tme"),
    ('directory = "service-levels"', "keep_months = 0", "service_levels.keep_months: input should be greater"),
])  # fmt: skip
def test_a_mistake_is_one_line_that_says_what_to_change(tmp_path: Path, old: str, new: str, message: str) -> None:
    """Such as an objective over 100 %."""
    assert OBJECTIVES.count(old) == 1
    assert error_of(tmp_path, SETTINGS + OBJECTIVES.replace(old, new)).startswith(message)

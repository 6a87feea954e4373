"""Designs of the default search."""

from argparse import Namespace
from dataclasses import replace
from pathlib import Path

from default_search import LONG_RUNS, Design, line, long_run_steps, replays
from search_methods.whole_study import replay_study
from search_methods.world import table_world

from nas.proxy.training.schedule import rung_steps
from nas.search.settings import FidelitySettings

TABLE = Path(__file__).parents[2] / "tables" / "tabular-text.jsonl"


def test_a_design_has_its_rungs() -> None:
    settings = table_world(TABLE).settings
    for rungs in ((960,), (480, 960), (240, 960), (240, 480, 960)):
        design = Design(5, rungs).applied(settings, 3)
        assert (rung_steps(design.training), design.num_trials, design.seed) == (rungs, 5, 3)


def test_long_runs_are_counted_as_a_study_takes_them() -> None:
    world = table_world(TABLE)
    settings = Design(8, (480, 960)).applied(world.settings, 0)
    study = replay_study(world, settings)
    for num_patterns, times in ((3, 4), (2, 2)):
        fidelity = FidelitySettings(num_patterns=num_patterns, times=times, num_seeds=1)
        taken = replay_study(world, replace(settings, fidelity=fidelity)).steps["long runs"]
        assert long_run_steps(study, world, settings, num_patterns, times) == taken > 0


def test_what_is_kept_is_read_again(tmp_path: Path) -> None:
    options = Namespace(table=TABLE, keep=tmp_path / "kept.jsonl", worlds="table", seeds=range(1))
    design = Design(6, (960,))
    (made,) = replays(options, [design])
    name, _, (found,) = made
    assert found.steps["first rung"] == 6 * 960 and found.steps["later rungs"] == 0
    assert list(found.long) == [f"{num}x{times}" for num, times in LONG_RUNS]
    assert 0 < found.searched <= 1 and 0 < found.confirmed <= 1
    options.table = tmp_path / "gone.jsonl"
    assert list(replays(options, [design])) == [made]
    assert line(name, design, [found]).startswith("| table | 6 | 960 | 0 | 5,760 | 0 | 3,840 |")

"""The studies that are replayed on a table."""

from dataclasses import replace

from nas.ground_truth.file import Table
from nas.search.settings import FidelitySettings, SpaceSettings, StudySettings
from nas.tasks.catalog import TASKS

OBJECTIVES = ["quality", "flops", "kv_cache_bytes"]


def study_settings(
    table: Table,
    *,
    num_rungs: int,
    num_trials: int = 0,
    seed: int = 0,
    num_steps: int | None = None,
    rung_ratio: int = 2,
    project_to: float = 20,
) -> StudySettings:
    """A study of the table's space, task and proxy, trained to `num_steps`, or to the table's last rung."""
    written = table.header.settings
    return StudySettings(
        study="replay",
        seed=seed,
        num_trials=num_trials,
        space=SpaceSettings(**written["space"]),
        task=TASKS[written["task"]["name"]](**written["task"]),
        proxy=table.proxy,
        training=replace(
            table.training,
            num_steps=num_steps or table.training.num_steps,
            num_rungs=num_rungs,
            rung_ratio=rung_ratio,
            test_lengths=[],
        ),
        objectives=OBJECTIVES,
        project_to=project_to,
        confirm_seeds=0,
        fidelity=FidelitySettings(num_patterns=0),
    )

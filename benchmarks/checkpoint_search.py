"""Which sampler finds the better front inside a checkpoint?

    PYTHONPATH=tests python -c "import pathlib, tiny_decoder; tiny_decoder.train_tiny_decoder(pathlib.Path('tiny'))"
    python benchmarks/checkpoint_search.py tiny my-text task.num_tokens=160 task.validation_sequences=4 \\
        evaluation.needle_sequences=6 training.batch_size=8 workers=1 device=cpu

Runs a study for every space, sampler and seed, and prints the hypervolume of the front after so many sampled patterns,
mean over seeds with the deviation of that mean. Its reference is the same for all: the task's chance level in quality,
and a tenth more than full attention costs, of which costs are shares. Further words are settings of `nas search`. The
figures in docs/checkpoints.md are of the tests' decoder with the settings above, about half an hour on one core.
"""

import argparse
import sys
import tempfile
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from nas.config.load import load_settings
from nas.results.study import StudyReader, study_path
from nas.results.trial import TrialState
from nas.search.study import run_study
from nas.statistics.pareto import Point, hypervolume, nondominated

BEYOND_FULL = 1.1


def hypervolumes(words: Sequence[str]) -> NDArray[np.float64]:
    """Of one study, after every sampled pattern."""
    with tempfile.TemporaryDirectory() as folder:
        (settings,) = load_settings(["evaluation=checkpoint", "tracking=none", f"runs_folder={folder}", *words])
        front = run_study(settings)
        trials = StudyReader(study_path(settings.study, settings.runs_folder)).trials()
    full = next(one for one in front.baselines if one.baseline == "full")
    scales = [full.values[one.name] if one.is_cost else 1.0 for one in front.objectives]
    chances = {score.name: score.chance for score in front.scores}
    reference = tuple(BEYOND_FULL if one.is_cost else one.sign * chances[one.name] for one in front.objectives)
    points: list[Point] = []
    volumes = []
    for trial in trials:
        if trial.state is TrialState.FINISHED:
            values = (one.sign * trial.values[one.name] for one in front.objectives)
            points.append(tuple(value / scale for value, scale in zip(values, scales, strict=True)))
        volumes.append(hypervolume([points[index] for index in nondominated(points)], reference))
    return np.array(volumes[-settings.num_trials :])


def row(curves: Sequence[NDArray[np.float64]], places: Sequence[int]) -> str:
    """Mean and deviation of the mean after so many sampled patterns."""
    values = np.array(curves)[:, [place - 1 for place in places]]
    errors = values.std(axis=0, ddof=1) / np.sqrt(len(values))
    cells = [f"{mean:.3f} ± {error:.3f}" for mean, error in zip(values.mean(axis=0), errors, strict=True)]
    return " | ".join(cells)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("checkpoint", help="a folder, or a name on the Hugging Face hub")
    parser.add_argument("text", help="a file or folder")
    parser.add_argument("settings", nargs="*", help="further settings of nas search")
    parser.add_argument("--spaces", default="by_sensitivity,head_split,per_head", help="by comma")
    parser.add_argument("--samplers", default="ehvi,tpe,random", help="by comma")
    parser.add_argument("--seeds", type=int, default=16, help="studies of each, 2 or more")
    parser.add_argument("--trials", type=int, default=40, help="patterns that a study samples")
    options = parser.parse_args()
    places = [options.trials * quarter // 4 for quarter in (1, 2, 3, 4)]
    if options.seeds < 2 or places[0] < 1:
        sys.exit("--seeds must be 2 or more, --trials 4 or more.")
    print("| space | sampler | " + " | ".join(f"{place} patterns" for place in places) + " |")
    print("|---" * (2 + len(places)) + "|")
    for space in options.spaces.split(","):
        for sampler in options.samplers.split(","):
            said = [f"checkpoint={options.checkpoint}", f"task.path={options.text}", f"num_trials={options.trials}"]
            said += [f"space={space}", f"sampler={sampler}", *options.settings]
            curves = [hypervolumes([*said, f"seed={seed}"]) for seed in range(options.seeds)]
            print(f"| {space} | {sampler} | {row(curves, places)} |", flush=True)


if __name__ == "__main__":
    main()

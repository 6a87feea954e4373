"""What a short training of adapters wins back of a checkpoint whose attention was cut: evaluation.weights=lora.

    python benchmarks/adapters.py ./smollm2 task.num_tokens=512 training.batch_size=1 task.validation_sequences=4

Scores full attention, half and a quarter of it (a window of that share of the sequence with four first tokens in every
head), first with the checkpoint's own weights and then after `training.num_steps` steps on the text to train on. Full
attention is trained too: what it gains is due to the text, not to the pattern. Further words are settings of
`nas search`. Seconds are CPU seconds of this process.
"""

import argparse
import sys
import time
from collections.abc import Mapping, Sequence
from statistics import fmean

import torch

from nas.config.load import load_settings
from nas.costs.counting import count_cost
from nas.evaluation.settings import CheckpointSettings
from nas.patterns.layer import HeadGroup
from nas.patterns.model import ModelPattern
from nas.patterns.primitives import Full, Global, Window
from nas.pretrained.checkpoint_tasks import checkpoint_tasks
from nas.pretrained.decoder import Decoder
from nas.pretrained.lora import lora_adapters
from nas.pretrained.needle import NeedleTask
from nas.pretrained.scoring import score_depths, score_task
from nas.proxy.training.schedule import branch_start
from nas.search.settings import StudySettings
from nas.tasks.language.text import TextSettings
from nas.tasks.task import Task

SHARES = {"full": 1, "half": 2, "a quarter": 4}
SINKS = 4


def pattern_of(decoder: Decoder, num_tokens: int, divisor: int) -> ModelPattern:
    """Every head sees a share of the sequence."""
    sizes = decoder.dimensions
    seen = (Full(),) if divisor == 1 else (Window(num_tokens // divisor - 1), Global(SINKS))
    return ModelPattern.of([(HeadGroup(sizes.num_heads, seen),)] * sizes.num_layers)


def scores(decoder: Decoder, tasks: Mapping[str, Task], batch_size: int) -> list[float]:
    """Quality on every task, as the decoder attends."""
    found = []
    for task in tasks.values():
        if isinstance(task, NeedleTask):
            scored = list(score_depths(decoder, task, batch_size).values())
        else:
            scored = [score_task(decoder, task, batch_size)]
        found.append(fmean(task.quality(one.loss, one.accuracy) for one in scored))
    return found


def tuned_scores(decoder: Decoder, tasks: Mapping[str, Task], settings: StudySettings) -> list[float]:
    """The same after a training of adapters, which all tasks share: they learn the same text."""
    assert isinstance(settings.evaluation, CheckpointSettings)
    training, text = settings.training, next(iter(tasks.values()))
    (rung,) = settings.evaluation.rungs(training)
    rank, seed = settings.evaluation.lora_rank, settings.seed
    with lora_adapters(decoder, rank, seed, text, training, data_seed=seed) as adapters:
        adapters.train(branch_start(rung, training), None, lambda: None)
        adapters.train(rung, rung, lambda: print(".", end="", file=sys.stderr, flush=True))
        assert adapters.any_alive(), "it diverged: lower training.learning_rate"
        return scores(decoder, tasks, training.batch_size)


def main(words: Sequence[str] | None = None) -> None:
    """Score, train, score."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("checkpoint", help="a folder, or a name on the Hugging Face hub")
    parser.add_argument("settings", nargs="*", help="settings of nas search")
    parser.add_argument("--shares", default="a quarter,full,half", help="some of full, half and a quarter, by comma")
    options = parser.parse_args(words)
    torch.set_num_threads(1)
    said = [f"checkpoint={options.checkpoint}", "space=head_split", "device=cpu", *options.settings]
    (settings,) = load_settings(["evaluation=checkpoint", "evaluation.weights=lora", *said])
    evaluation = settings.evaluation
    assert isinstance(evaluation, CheckpointSettings) and isinstance(settings.task, TextSettings)
    decoder = Decoder.load(options.checkpoint)
    tasks = checkpoint_tasks(decoder, settings.task, evaluation.needle_depths, evaluation.needle_sequences)
    columns = [f"{name}, {task.metric.unit}" for name, task in tasks.items()]
    print(f"| seen | KV cache | weights | {' | '.join(columns)} | CPU s |\n|{'---|' * (4 + len(columns))}", flush=True)
    num_tokens = settings.task.num_tokens
    for share in options.shares.split(","):
        pattern, full = (pattern_of(decoder, num_tokens, divisor) for divisor in (SHARES[share], 1))
        target = decoder.dimensions.target(num_tokens)
        cache = count_cost(pattern, target).kv_cache_bytes / count_cost(full, target).kv_cache_bytes
        decoder.attend_as(pattern)
        for name in ("own", f"{settings.training.num_steps} steps"):
            started = time.process_time()
            if name == "own":
                qualities = scores(decoder, tasks, settings.training.batch_size)
            else:
                qualities = tuned_scores(decoder, tasks, settings)
            cells = " | ".join(f"{quality:.4f}" for quality in qualities)
            print(f"| {share} | {cache:.2f}x | {name} | {cells} | {time.process_time() - started:.0f} |", flush=True)


if __name__ == "__main__":
    main()

"""All benchmarks, one after the other, and the page that shows what they said.

    python benchmarks/run.py                  # those that need no GPU, under ten minutes on two cores: `make bench`
    python benchmarks/run.py --gpu            # those that need one, under eight minutes: `make bench-gpu`
    python benchmarks/run.py --only step      # one of them; what is known of the others stays
    python benchmarks/run.py --page           # only writes docs/benchmarks.md again, from what is known

Every benchmark is a process of its own with its own time limit, and prints Markdown. What it printed is kept in
benchmarks/results/ as soon as it ends, with the machine, the versions, the date and the load, and docs/benchmarks.md is
made of that; the time that it took is shown, and that of all so far. With --gpu, what was measured today on the same
GPU with the same versions is not measured again, so that a stopped run goes on where it was; name it with --only to
measure it all the same. Times are worth something within one run alone; ratios are what to read.
"""

import argparse
import sys
from collections.abc import Sequence
from datetime import date
from importlib.util import find_spec

from benchmark import Benchmark, keep, known, measure, versions
from gpu import NEEDED
from gpu.catalog import GPU_BENCHMARKS
from page import PAGE, page

BENCHMARKS = (
    Benchmark(
        "step",
        "A training step of a proxy",
        ("benchmarks/step.py", "--presets", "quick", "--cohorts", "1", "4", "--repeats", "11"),
        "CPU time of a step beside that of the matrix products it cannot do without (linear layers and all pairs of "
        "attention, forward and backward, operands in the cache), in one thread; and what it costs to train another "
        "pattern at every step. docs/proxy.md says where the time goes.",
    ),
    Benchmark(
        "startup",
        "Light commands",
        ("benchmarks/startup.py", "--repeats", "3"),
        "What the commands that train nothing cost beside `import torch`.",
    ),
    Benchmark(
        "counting",
        "Counting pairs",
        ("benchmarks/counting.py", "--tokens", "1048576"),
        "What counting the pairs of a union costs, in passes over its tokens.",
    ),
    Benchmark(
        "attention",
        "Sparse attention on a CPU",
        ("benchmarks/attention.py",),
        "Windows beside causal dense attention, what `auto` picks beside masked dense attention, and a pattern that "
        "changes at every step beside one that stays. docs/attention.md says what they should be.",
    ),
    Benchmark(
        "attention_memory",
        "Time and memory of long sequences",
        ("benchmarks/attention_memory.py", "--tokens", "2048", "4096", "--threads", "1"),
        "Forward and backward of pieces beside dense attention.",
    ),
    Benchmark(
        "generation",
        "Generating with transformers",
        ("benchmarks/generation.py",),
        "Prompt, tokens and cache of a small random Llama: full attention, the exported mask, and its cache. "
        "docs/export.md has a real model's.",
    ),
    Benchmark(
        "blocks",
        "Blocks of 64 heads",
        ("benchmarks/blocks.py",),
        "Which blocks of 128 x 128 hold visible pairs, at 32,768 tokens, from the descriptions of patterns.",
    ),
    Benchmark(
        "driver",
        "The driver of a study",
        ("benchmarks/driver.py", "--trials", "50", "150"),
        "What a study takes beside its training. Of a whole default search, 388 s of CPU time on 2026-11-30, the "
        "driver took 0.5%, and all but steps and scores together 1.0%; the goal is less than 3% "
        "(`benchmarks/shares.py`, docs/decisions/0020-cohorts-rounds-and-shorter-checks.md). "
        "Larger studies are in docs/decisions/0003-asking-is-a-pure-function.md.",
    ),
    Benchmark(
        "scaling",
        "Workers that one driver keeps busy",
        ("benchmarks/scaling.py", "--workers", "1", "4"),
        "Jobs of a second in which workers only sleep, in processes and on Ray. docs/scaling.md has more workers.",
    ),
    Benchmark(
        "profiling",
        "Measured costs",
        ("benchmarks/profiling.py", "--tokens", "1024", "--busy", "0"),
        "How exact the clock and the allocator are, for one pattern after another.",
    ),
    Benchmark(
        "search_cost",
        "The default search on the table",
        ("benchmarks/search_cost.py", "tables/tabular-text.jsonl", "--methods", "make,first", "--workers", "2"),
        "Share of the true hypervolume that the default search reaches, replayed (docs/search_cost.md).",
    ),
    Benchmark(
        "anchors",
        "What is known of larger models",
        ("benchmarks/anchors.py",),
        "Whether proxies of four regimes, and of the next size, order patterns as larger models do; and what short "
        "runs of recall show (docs/transfer.md).",
    ),
    Benchmark(
        "transfer",
        "What short runs say of a larger model",
        ("benchmarks/transfer.py", "tables/ladder/M-plain.jsonl", "tables/ladder"),
        "Every rung of small proxies in several regimes against the end of a larger one (docs/transfer.md).",
    ),
    Benchmark(
        "transfer_drawn",
        "The same over patterns drawn from a space",
        ("benchmarks/transfer.py", "tables/ladder/M-drawn.jsonl", "tables/ladder", "tables/tabular-text.jsonl"),
        "Seven baselines and patterns of `space=tabular`, as far as the larger table is built.",
    ),
    Benchmark(
        "transfer_large",
        "The same one size further up",
        ("benchmarks/transfer.py", "tables/ladder/L-plain.jsonl", "tables/ladder"),
        "Nine patterns at the end of the largest size; its own earlier rungs and the middle size are among what is "
        "judged.",
    ),
    Benchmark(
        "transfer_large_drawn",
        "The same over patterns drawn there",
        ("benchmarks/transfer.py", "tables/ladder/L-short-drawn.jsonl", "tables/ladder", "tables/tabular-text.jsonl"),
        "30 patterns of the largest size, after a quarter of its steps.",
    ),
    Benchmark(
        "transfer_large_projected",
        "The same, projected",
        (
            "benchmarks/transfer.py",
            "tables/ladder/L-short-drawn.jsonl",
            "tables/ladder",
            "tables/tabular-text.jsonl",
            "--projected",
        ),
        "What these 30 patterns are projected to, at 20 tokens a parameter.",
    ),
    Benchmark(
        "carry",
        "Shares or tokens",
        ("benchmarks/carry.py", "tables/ladder/S-carry.jsonl"),
        "By which rule each kind of size goes to another length, so that rankings agree (docs/transfer.md).",
    ),
)


def main(words: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--gpu", action="store_true", help="those that need a GPU")
    parser.add_argument("--only", nargs="+", default=[], metavar="NAME", help="these alone")
    parser.add_argument("--page", action="store_true", help="run nothing")
    options = parser.parse_args(words)
    candidates = GPU_BENCHMARKS if options.gpu else BENCHMARKS
    if unknown := set(options.only) - {one.name for one in candidates}:
        parser.error(f"--only: {', '.join(sorted(unknown))} is none of {', '.join(one.name for one in candidates)}")
    unfinished: list[Benchmark] = []
    if not options.page:
        gpu = ""
        if options.gpu:
            if missing := [name for name in NEEDED if find_spec(name) is None]:
                print(f"run.py: --gpu needs {', '.join(missing)}, not installed in {sys.executable}.", file=sys.stderr)
                return 2
            gpu = gpu_name()
            if not gpu:
                print("run.py: --gpu needs a CUDA device, and torch finds none here. Use make bench.", file=sys.stderr)
                return 2
        chosen = [one for one in candidates if one.name in options.only]
        unfinished = run(chosen or [one for one in candidates if not (gpu and is_done(one, gpu))], gpu)
    PAGE.write_text(page(BENCHMARKS, GPU_BENCHMARKS))
    return 1 if unfinished else 0


def run(benchmarks: Sequence[Benchmark], gpu: str) -> list[Benchmark]:
    """Measure each and keep what it said; those that did not come to their end are returned."""
    unfinished, seconds, cpu_seconds = [], 0.0, 0.0
    for number, benchmark in enumerate(benchmarks, 1):
        print(f"{number}/{len(benchmarks)} {benchmark.name}: {' '.join(benchmark.arguments)}", flush=True)
        outcome = measure(benchmark, gpu)
        keep(benchmark, outcome)
        seconds, cpu_seconds = seconds + outcome.seconds, cpu_seconds + outcome.cpu_seconds
        times = f"took {outcome.seconds:.0f} s ({outcome.cpu_seconds:.0f} s of CPU time)"
        print(f"    {times}; {seconds:.0f} s so far ({cpu_seconds:.0f} s)", flush=True)
        if outcome.ended:
            print(f"{benchmark.name}: {outcome.ended}", file=sys.stderr)
            unfinished.append(benchmark)
    return unfinished


def is_done(benchmark: Benchmark, gpu: str) -> bool:
    """Whether it came to its end today, on this GPU and with these versions."""
    outcome = known(benchmark)
    here = (gpu, versions(), date.today().isoformat(), "")
    return outcome is not None and (outcome.gpu, outcome.versions, outcome.day, outcome.ended) == here


def gpu_name() -> str:
    """The name of the first GPU; empty where there is none."""
    import torch  # takes seconds, and most benchmarks are run without it

    return torch.cuda.get_device_name() if torch.cuda.is_available() else ""


if __name__ == "__main__":
    sys.exit(main())

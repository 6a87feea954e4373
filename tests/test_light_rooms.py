"""Patterns, their costs and their spaces do without torch and everything else that is slow to import."""

import subprocess
import sys

HEAVY = ("torch", "lightning", "optuna", "transformers", "scipy", "wandb", "hydra")

USE_EVERYTHING = f"""
import pkgutil, sys
from importlib import import_module

def check(*more):
    loaded = [name for name in {HEAVY!r} + more if name in sys.modules]
    assert not loaded, loaded

for room in ("nas.patterns", "nas.costs", "nas.space"):
    for module in pkgutil.walk_packages(import_module(room).__path__, room + "."):
        if module.name not in ("nas.patterns.drawing.picture", "nas.patterns.drawing.thumbnail"):
            import_module(module.name)
check("matplotlib")

import nas
from nas.costs.counting import cost_for
from nas.patterns.drawing.picture import picture_png
from nas.patterns.drawing.text import draw_text
from nas.patterns.reach import reach
from nas.space.baselines import baselines_for
from nas.space.load import load_space
from nas.space.random_suggester import RandomSuggester
from nas.space.space import Shape

shape = Shape(num_layers=2, num_heads=4, num_tokens=64, causal=True)
space = load_space("search_spaces.everything:Everything", {{}})
for pattern in (space.sample(RandomSuggester(0), shape), *baselines_for(space, shape).values()):
    assert nas.load_pattern(pattern.to_dict()).id == pattern.id
    assert cost_for(pattern, 64).pairs and reach(pattern, 64).share and draw_text(pattern, 64)
assert picture_png(pattern, 64)
check()
"""


def test_patterns_are_sampled_counted_and_drawn_without_heavy_imports() -> None:
    subprocess.run([sys.executable, "-c", USE_EVERYTHING], check=True)

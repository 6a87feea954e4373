"""Some patterns, and small weights that they share."""

from dataclasses import replace
from typing import Any

from shared_weights.sandwich import Sandwich
from shared_weights.supernet import train_supernet
from shared_weights.weights import SharedWeights
from torch import Tensor

from nas.proxy.network.layout import layout_for
from nas.proxy.settings import ProxySettings, TrainingSettings
from nas.tasks.language.text import TextTask
from tests.families import FULL, two_layers, window

PROXY = ProxySettings(num_layers=2, num_heads=2, d_model=16, mlp_ratio=2)
TRAINING = TrainingSettings(num_steps=60, batch_size=4, learning_rate=1e-2, warmup_steps=6)
WIDE, NARROW = two_layers(FULL), two_layers(window(1))
POOL = (NARROW, two_layers(window(3)), two_layers(window(8)), two_layers(window(2), FULL), WIDE)
NAIVE = Sandwich(pool=POOL, num_random=1, seed=5)
ENDS = Sandwich(pool=POOL, num_random=2, seed=5, always=(WIDE, NARROW))


def trained(task: TextTask, sandwich: Sandwich, num_steps: int = 60, **options: Any) -> Tensor:
    training = replace(TRAINING, num_steps=num_steps)
    return train_supernet(sandwich, task, PROXY, training, seed=1, data_seed=2, **options)


def initial(task: TextTask) -> Tensor:
    return layout_for(WIDE, PROXY, task).initial_row(1)[None]


def shared(task: TextTask, row: Tensor, cohort_size: int = 1) -> SharedWeights:
    return SharedWeights(row, task, PROXY, cohort_size=cohort_size)

"""Members are values; what passes them on needs no torch."""

import subprocess
import sys

from nas.proxy.member import Member
from nas.space.baselines import BASELINES
from nas.space.space import Shape

SHAPE = Shape(num_layers=1, num_heads=2, num_tokens=16, causal=True)


def test_members_of_the_same_pattern_seed_and_rate_are_the_same() -> None:
    first, again = (Member(pattern=BASELINES["full"](SHAPE), seed=1, learning_rate=1e-3) for _ in range(2))
    assert first == again and len({first, again}) == 1


def test_jobs_and_their_messengers_load_no_torch() -> None:
    program = "import sys, nas.search.executors.lane\nassert 'torch' not in sys.modules"
    subprocess.run([sys.executable, "-c", program], check=True)

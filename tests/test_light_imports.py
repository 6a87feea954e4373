"""What only reads or checks settings loads none of the heavy libraries, and a driver none that only training needs."""

import json
import subprocess
import sys
from collections.abc import Sequence

import pytest

HEAVY = ("torch", "lightning", "optuna", "transformers", "scipy", "wandb", "sklearn")

SETTINGS = ("nas.proxy.settings", "nas.proxy.training.schedule", "nas.evaluation.settings", "nas.tasks.catalog")


@pytest.mark.parametrize("module", SETTINGS)
def test_settings_are_light(module: str) -> None:
    assert loaded_by(module, HEAVY) == []


def test_a_driver_does_not_load_what_only_its_workers_need() -> None:
    """Lightning takes longer to import, and more memory, than all that a driver needs."""
    assert loaded_by("nas.search.study", ("lightning", "transformers", "wandb", "sklearn")) == []


def loaded_by(module: str, libraries: Sequence[str]) -> list[str]:
    """Which of some libraries a new process has loaded after it has imported a module."""
    program = f"import json, sys, {module}\nprint(json.dumps([name for name in {libraries} if name in sys.modules]))"
    found = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    return list(json.loads(found.stdout))

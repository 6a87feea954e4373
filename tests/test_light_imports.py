"""What only reads or checks settings loads none of the heavy libraries."""

import json
import subprocess
import sys

import pytest

HEAVY = ("torch", "lightning", "optuna", "transformers", "scipy", "wandb", "sklearn")

SETTINGS = ("nas.proxy.settings", "nas.proxy.training.schedule", "nas.evaluation.settings", "nas.tasks.catalog")


@pytest.mark.parametrize("module", SETTINGS)
def test_settings_are_light(module: str) -> None:
    program = f"import json, sys, {module}\nprint(json.dumps([name for name in {HEAVY} if name in sys.modules]))"
    found = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert json.loads(found.stdout) == []

"""The stable face: `import nas` costs nothing and offers what the README promises."""

import subprocess
import sys

import pytest

import nas


def test_everything_promised_is_there() -> None:
    assert all(getattr(nas, name) is not None for name in nas.__all__)
    with pytest.raises(AttributeError, match="no attribute 'kost'"):
        nas.kost  # noqa: B018


def test_importing_it_loads_nothing_heavy() -> None:
    code = "import sys, nas; print([m for m in ('torch', 'optuna', 'wandb', 'lightning', 'hydra') if m in sys.modules])"
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert shown.strip() == "[]"

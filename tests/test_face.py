"""The stable face: `import nas` costs nothing and offers what the README promises."""

import subprocess
import sys

import pytest

import nas

FROZEN = """CheckpointSettings ConstraintSettings FidelitySettings Front ModelPattern Observer ProxySettings RaySettings
RecallSettings ScratchSettings SpaceSettings SparseAttention StudySettings Target TargetOptions TextSettings
TrainingSettings __version__ cost label load_pattern read_front run_study"""
"""What other programs rely on: a name that is missing here was added, one that is missing in `nas` was broken."""

METHODS = {
    nas.Front: ("points", "baselines", "objectives", "objective", "to_dataframe", "_repr_html_"),
    nas.ModelPattern: ("of", "mask", "plot", "layers", "num_layers", "num_heads", "id", "to_dict", "_repr_html_"),
}


def test_the_exported_names_are_frozen() -> None:
    assert sorted(FROZEN.split()) == sorted(nas.__all__)
    for exported, names in METHODS.items():
        assert [name for name in names if not hasattr(exported, name)] == []


def test_everything_promised_is_there() -> None:
    assert all(getattr(nas, name) is not None for name in nas.__all__)
    with pytest.raises(AttributeError, match="no attribute 'kost'"):
        nas.kost  # noqa: B018


def test_importing_it_loads_nothing_heavy() -> None:
    code = "import sys, nas; print([m for m in ('torch', 'optuna', 'wandb', 'lightning', 'hydra') if m in sys.modules])"
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert shown.strip() == "[]"

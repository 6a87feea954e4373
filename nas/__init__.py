"""Neural architecture search for attention sparsity patterns.

The stable interface for other programs. Everything is imported on first use, so `import nas` alone is fast.

    pattern = nas.load_pattern("pattern.json")
    pattern.mask(layer=0, num_tokens=512)         # bool, (heads, queries, keys)
    nas.cost(pattern, num_tokens=32_768).pairs
    nas.SparseAttention(pattern.layers[0])(q, k, v)

    front = nas.run_study(nas.StudySettings(study="mine", task=nas.TextSettings(), num_trials=24))
    nas.read_front("runs/mine").points[0].pattern
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from nas.attention.module import SparseAttention
    from nas.costs.counting import cost_for as cost
    from nas.costs.target import Target, TargetOptions
    from nas.evaluation.settings import CheckpointSettings, ScratchSettings
    from nas.patterns.file import load_pattern
    from nas.patterns.label import label
    from nas.patterns.model import ModelPattern
    from nas.proxy.settings import ProxySettings, TrainingSettings
    from nas.results.front import Front
    from nas.results.observer import Observer
    from nas.results.study import read_front
    from nas.search.executor_settings import RaySettings
    from nas.search.settings import ConstraintSettings, FidelitySettings, SpaceSettings, StudySettings
    from nas.search.study import run_study
    from nas.tasks.language.text import TextSettings
    from nas.tasks.synthetic.recall import RecallSettings

    __version__: str

__all__ = [
    "CheckpointSettings",
    "ConstraintSettings",
    "FidelitySettings",
    "Front",
    "ModelPattern",
    "Observer",
    "ProxySettings",
    "RaySettings",
    "RecallSettings",
    "ScratchSettings",
    "SpaceSettings",
    "SparseAttention",
    "StudySettings",
    "Target",
    "TargetOptions",
    "TextSettings",
    "TrainingSettings",
    "__version__",
    "cost",
    "label",
    "load_pattern",
    "read_front",
    "run_study",
]

_PLACES = {
    "CheckpointSettings": "nas.evaluation.settings",
    "ConstraintSettings": "nas.search.settings",
    "FidelitySettings": "nas.search.settings",
    "Front": "nas.results.front",
    "ModelPattern": "nas.patterns.model",
    "Observer": "nas.results.observer",
    "TargetOptions": "nas.costs.target",
    "ProxySettings": "nas.proxy.settings",
    "RaySettings": "nas.search.executor_settings",
    "RecallSettings": "nas.tasks.synthetic.recall",
    "ScratchSettings": "nas.evaluation.settings",
    "SpaceSettings": "nas.search.settings",
    "SparseAttention": "nas.attention.module",
    "StudySettings": "nas.search.settings",
    "Target": "nas.costs.target",
    "TextSettings": "nas.tasks.language.text",
    "TrainingSettings": "nas.proxy.settings",
    "cost": "nas.costs.counting:cost_for",
    "label": "nas.patterns.label",
    "load_pattern": "nas.patterns.file",
    "read_front": "nas.results.study",
    "run_study": "nas.search.study",
}
"""The module of every name, followed by its name there if that differs."""


def __getattr__(name: str) -> Any:
    if name == "__version__":
        from importlib.metadata import version

        return version("nas-attention")
    if name not in _PLACES:
        raise AttributeError(f"module 'nas' has no attribute {name!r}")
    module, _, other = _PLACES[name].partition(":")
    return getattr(import_module(module), other or name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})

"""Everything that decides what a study is."""

from dataclasses import dataclass, field
from typing import Any

from nas.costs.target import Target
from nas.evaluation.settings import EvaluationSettings, ScratchSettings
from nas.proxy.settings import ProxySettings, TrainingSettings
from nas.search.scoring.objectives import TaskQuality


@dataclass(kw_only=True, slots=True)
class SpaceSettings:
    """Which space is searched.

    Args:
        attribute: `module:attribute` of a class whose instances are a `nas.space.space.Space`.
        options: keyword arguments of that class.
    """

    attribute: str = "search_spaces.hybrid:Hybrid"
    options: dict[str, Any] = field(default_factory=dict)


@dataclass(kw_only=True, slots=True)
class ConstraintSettings:
    """Budgets; a pattern over one is told to the sampler at once and never trained.

    Args:
        flops_ratio: most attention FLOPs, as a share of full attention's on the target (0 to 1); None for no limit.
        kv_cache_ratio: largest KV cache, as a share of full attention's on the target (0 to 1); None for no limit.
    """

    flops_ratio: float | None = None
    kv_cache_ratio: float | None = None


@dataclass(kw_only=True, slots=True)
class FidelitySettings:
    """How a study finds out what its own ranking is worth: some patterns are trained longer, with several seeds.

    Args:
        num_patterns: patterns that are trained longer; 0 to leave it out.
        times: how long, as a multiple of training.num_steps, 2 or more.
        num_seeds: seeds each, the search's own first.
    """

    num_patterns: int = 6
    times: int = 4
    num_seeds: int = 2


@dataclass(kw_only=True, slots=True)
class StudySettings:
    """One study.

    Args:
        study: its name (a folder under runs_folder) or a path.
        runs_folder: where named studies lie.
        seed: decides everything random in the study.
        num_trials: sampled patterns, besides the baselines.
        space: which space is searched.
        task: settings of the task (`nas.tasks.catalog`); its length is that of the patterns and of their costs.
        extra_tasks: settings of further tasks that every pattern is trained on, each at its own length.
        task_quality: what several tasks make of a quality: separate, an objective each (quality_text, quality_recall),
            or mean_rank, one objective, the mean over tasks of a trial's rank among all, from 0 (best) to 1.
        evaluation: whether patterns are trained from scratch or plugged into a checkpoint (`nas.evaluation.settings`).
        checkpoint: the pretrained decoder, a folder or a name on the Hugging Face hub; None for none.
        proxy: sizes of the proxy model; a checkpoint has its own.
        training: how each proxy is trained.
        target: the model that costs are counted for; None for the proxy or the checkpoint itself.
        sampler: one of `nas.search.samplers.catalog.SAMPLERS`.
        objectives: two or more of `nas.search.scoring.objectives.OBJECTIVES`, or quality_2x where
            training.test_lengths has 2.
        constraints: budgets.
        confirm_seeds: further seeds with which every point of the front is trained again at the end.
        fidelity: whether and how the ranking is judged by longer trainings.
        device: auto, cpu, cuda or cuda:N.
        workers: processes that train side by side; 0 for one a core on CPU, 1 on a GPU.
        cohort_size: candidates trained at once in one process; 0 for 1 on CPU, 16 on a GPU.
    """

    study: str = "default"
    runs_folder: str = "runs"
    seed: int = 0
    num_trials: int = 24
    space: SpaceSettings = field(default_factory=SpaceSettings)
    task: Any = None
    extra_tasks: list[Any] = field(default_factory=list)
    task_quality: TaskQuality = "separate"
    evaluation: EvaluationSettings = field(default_factory=ScratchSettings)
    checkpoint: str | None = None
    proxy: ProxySettings = field(default_factory=ProxySettings)
    training: TrainingSettings = field(default_factory=TrainingSettings)
    target: Target | None = None
    sampler: str = "ehvi"
    objectives: list[str] = field(default_factory=lambda: ["quality", "flops", "kv_cache_bytes"])
    constraints: ConstraintSettings = field(default_factory=ConstraintSettings)
    confirm_seeds: int = 1
    fidelity: FidelitySettings = field(default_factory=FidelitySettings)
    device: str = "auto"
    workers: int = 0
    cohort_size: int = 0

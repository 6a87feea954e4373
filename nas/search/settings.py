"""The settings of a study."""

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, is_dataclass
from typing import Any, get_args

from nas.costs.target import Target, TargetOptions
from nas.errors import InputError, unknown
from nas.evaluation.settings import CheckpointSettings, EvaluationSettings, ScratchSettings
from nas.patterns.primitives.scale import CarryRules
from nas.proxy.settings import ProxySettings, TrainingSettings
from nas.ranges import check_range
from nas.redact import redact
from nas.results.objective import LONGER_QUALITY, PROFILED, TaskQuality, check_objectives
from nas.results.phase import PatternPhase
from nas.results.study import study_path
from nas.search.database_url import check_storage
from nas.search.executor_settings import ExecutorSettings, LocalSettings, RaySettings
from nas.tasks.catalog import TaskSettings
from nas.tasks.language.text import TextSettings

SAMPLER_NAMES = ("ehvi", "tpe", "nsga2", "nsga3", "gp", "random", "qmc")
"""Every sampler; constructed by `nas.search.samplers.catalog`."""
MOST = 4096
"""Upper limit on workers, seeds and the like: a few zeros too many would bring down the machine."""


@dataclass(kw_only=True, slots=True)
class SpaceSettings:
    """Which space is searched.

    Args:
        attribute: `module:attribute` of a class whose instances are a `nas.space.space.Space`.
        options: keyword arguments of that class.
    """

    attribute: str = "search_spaces.hybrid:Hybrid"
    options: dict[str, Any] = field(default_factory=dict)


_LIMITED = {
    "flops_ratio": "flops",
    "tile_ratio": "tile_flops",
    "kv_cache_ratio": "kv_cache_bytes",
    "latency_ratio": "latency_ms",
    "peak_memory_ratio": "peak_memory_bytes",
}
"""The objective that each budget limits."""


@dataclass(kw_only=True, slots=True)
class ConstraintSettings:
    """Budgets; a pattern over one is reported to the sampler at once and never trained.

    Args:
        flops_ratio: most attention FLOPs, as a share of full attention's on the target (0 to 1); None for no limit.
        tile_ratio: most FLOPs of the tiles that a block-sparse kernel computes, as a share of full attention's on the
            target (0 to 1); None for no limit.
        kv_cache_ratio: largest KV cache, as a share of full attention's on the target (0 to 1); None for no limit.
        latency_ratio: most time by the clock, as a share of full attention's on the same device; None for no limit.
        peak_memory_ratio: most memory by the allocator, as a share of full attention's there; None for no limit.

    Raises:
        InputError: a share is not above 0 and at most 1.
    """

    flops_ratio: float | None = None
    tile_ratio: float | None = None
    kv_cache_ratio: float | None = None
    latency_ratio: float | None = None
    peak_memory_ratio: float | None = None

    def __post_init__(self) -> None:
        for name in _LIMITED:
            share = getattr(self, name)
            if share is not None and not 0 < share <= 1:
                allowed = "must be above 0 and at most 1, a share of full attention"
                raise InputError(f"constraints.{name}", allowed, share)

    @property
    def are_measured(self) -> bool:
        """Whether a budget is one that a device measures."""
        return any(getattr(self, name) is not None for name, cost in _LIMITED.items() if cost in PROFILED)

    def excesses(self, costs: Mapping[str, float], full: Mapping[str, float]) -> dict[str, float]:
        """How far a pattern is over each budget that is set, as a share of full attention's cost.

        Args:
            costs: by name of the objective; a budget on one that is not known yet is left out.
            full: full attention's.

        Returns:
            by budget name; 0 or less where the pattern is within it, as samplers read constraints.
        """
        limits = {name: (cost, getattr(self, name)) for name, cost in _LIMITED.items()}
        return {
            name: costs[cost] / full[cost] - limit
            for name, (cost, limit) in limits.items()
            if limit is not None and cost in costs
        }

    def excess_reason(self, over: dict[str, float]) -> str:
        """One sentence that names the budget that is exceeded most; empty if none is."""
        name, excess = max(over.items(), key=lambda item: item[1], default=("", 0.0))
        if excess <= 0:
            return ""
        limit = getattr(self, name)
        return f"costs {limit + excess:.3f} of full attention, constraints.{name} allows {limit:g}"


@dataclass(kw_only=True, slots=True)
class FidelitySettings:
    """How a study checks its own ranking: some patterns are trained longer, with several seeds, or one size up.

    Args:
        num_patterns: patterns that are trained longer; 0 to skip the check.
        times: how long, as a multiple of training.num_steps, 2 or more.
        num_seeds: seeds of each, the search's own first.
        scale: the same patterns are also trained once in a model with so many times the tokens and the layers, as long;
            1 for none.

    Raises:
        InputError: a number is out of range.
    """

    num_patterns: int = 6
    times: int = 4
    num_seeds: int = 2
    scale: int = 1

    def __post_init__(self) -> None:
        check_range("fidelity.num_patterns", self.num_patterns, least=0, most=MOST)
        check_range("fidelity.times", self.times, least=2, most=64)
        check_range("fidelity.num_seeds", self.num_seeds, least=1, most=MOST)
        check_range("fidelity.scale", self.scale, least=1, most=16)


@dataclass(kw_only=True, slots=True)
class StudySettings:
    """One study.

    Args:
        study: its name (a folder under runs_folder) or a path.
        runs_folder: where named studies lie.
        seed: decides everything random in the study.
        num_trials: sampled patterns, not counting the baselines.
        space: which space is searched.
        task: settings of the task (`nas.tasks.catalog`); its length is that of the patterns and of their costs.
        extra_tasks: settings of further tasks that every pattern is trained on, each at its own length.
        task_quality: what several tasks make of a quality: separate, an objective each (quality_text, quality_recall),
            or mean_rank, one objective, the mean over tasks of a trial's rank among all, from 0 (best) to 1.
        evaluation: whether patterns are trained from scratch or plugged into a checkpoint (`nas.evaluation.settings`).
        checkpoint: the pretrained decoder, a folder or a name on the Hugging Face hub; None for none.
        proxy: sizes of the proxy model; a checkpoint has its own.
        training: how each proxy is trained.
        target: the model that patterns are meant for and costs are counted for; None for the proxy or the checkpoint
            itself. A space then offers sizes of the target, and a proxy is trained on what they are at its length.
        carry: how sizes go from one length to the other (`nas.patterns.carry`).
        sampler: one of SAMPLER_NAMES.
        objectives: two or more of `nas.results.objective.OBJECTIVES`, or quality_2x where
            training.test_lengths has 2.
        constraints: budgets.
        project_to: tokens per parameter of the proxy to which the quality of a short run on text is projected, by its
            last two rungs; patterns are compared by that. 0 to compare them as they were measured.
        deployable_by: an export format, or several, that every pattern must be exportable to, and so the whole front;
            those that `nas export` writes for libraries with windows (docs/export.md). None for no limit.
        confirm_seeds: further seeds with which every point of the front is trained again at the end.
        fidelity: whether and how the ranking is checked by longer training runs.
        device: auto, cpu, cuda or cuda:N.
        executor: whether workers are on this machine or on a Ray cluster (`nas.search.executor_settings`).
        workers: processes that train side by side; 0 for one per core on CPU, 1 on a GPU.
        cohort_size: candidates trained at once in one process; 0 for 4 on CPU, 16 on a GPU, 1 in a checkpoint. The
            sampler proposes no more than this before it learns from the first: 4, later half as many as are known.
        stall_minutes: how long a worker may report no progress before it is replaced, in minutes; its training run is
            tried once more. A single worker on a CPU trains in the driver's own process, which nothing replaces.
        storage: URL of a database that follows the study for optuna-dashboard, without a password, such as
            postgresql://team@host/nas; null for NAS_STORAGE of the environment, or else study.db in the study folder.

    Raises:
        InputError: a value is not allowed, or two do not go together; the message names the setting.
    """

    study: str = "default"
    runs_folder: str = "runs"
    seed: int = 0
    num_trials: int = 24
    space: SpaceSettings = field(default_factory=SpaceSettings)
    task: TaskSettings = field(default_factory=TextSettings)
    extra_tasks: list[TaskSettings] = field(default_factory=list)
    task_quality: TaskQuality = "separate"
    evaluation: EvaluationSettings = field(default_factory=ScratchSettings)
    checkpoint: str | None = None
    proxy: ProxySettings = field(default_factory=ProxySettings)
    training: TrainingSettings = field(default_factory=TrainingSettings)
    target: Target | TargetOptions | None = None
    carry: CarryRules = field(default_factory=CarryRules)
    sampler: str = "ehvi"
    objectives: list[str] = field(default_factory=lambda: ["quality", "flops", "kv_cache_bytes"])
    constraints: ConstraintSettings = field(default_factory=ConstraintSettings)
    project_to: float = 20
    deployable_by: list[str] | str | None = None
    confirm_seeds: int = 1
    fidelity: FidelitySettings = field(default_factory=FidelitySettings)
    device: str = "auto"
    executor: ExecutorSettings = field(default_factory=LocalSettings)
    workers: int = 0
    cohort_size: int = 0
    stall_minutes: int = 60
    storage: str | None = None

    def __post_init__(self) -> None:
        check_range("seed", self.seed, least=0, most=2**32 - 1)
        check_range("num_trials", self.num_trials, least=0)
        for name in ("confirm_seeds", "workers", "cohort_size"):
            check_range(name, getattr(self, name), least=0, most=MOST)
        check_range("project_to", self.project_to, least=0, most=1e6)
        check_range("stall_minutes", self.stall_minutes, least=1, most=MOST)
        if not self.runs_folder:
            raise InputError("runs_folder", "must be the path of a folder", self.runs_folder)
        study_path(self.study, self.runs_folder)
        if self.storage is not None:
            check_storage(self.storage)
        if not re.fullmatch(r"auto|cpu|cuda(:\d+)?", self.device):
            raise InputError("device", "must be auto, cpu, cuda or cuda:N", self.device)
        if self.sampler not in SAMPLER_NAMES:
            raise unknown("sampler", self.sampler, SAMPLER_NAMES, "sampler")
        if self.task_quality not in get_args(TaskQuality):
            raise unknown("task_quality", self.task_quality, get_args(TaskQuality), "way")
        check_objectives(self.objectives, self.training.test_lengths)
        if isinstance(self.evaluation, CheckpointSettings):
            self._check_checkpoint(self.evaluation)
        elif self.checkpoint is not None:
            allowed = "must be null with evaluation=scratch"
            raise InputError("checkpoint", allowed, self.checkpoint, "Add evaluation=checkpoint.")
        if isinstance(self.executor, RaySettings):
            self.executor.check_devices(self.device, self.workers)
            if self.profiles:
                allowed = "must be local where costs are measured on the device, which must be one and the same"
                raise InputError("executor", allowed, self.executor.name)

    @property
    def profiles(self) -> bool:
        """Whether patterns are measured on the device, for an objective or a budget."""
        return self.constraints.are_measured or any(name in PROFILED for name in self.objectives)

    @property
    def longer_from(self) -> int:
        """The first rung at which longer sequences are scored too, in optimiser steps.

        They take as long to score as the validation set. Below the last rung that is worth it only if they are an
        objective, which the sampler and halving then read.
        """
        if any(LONGER_QUALITY.fullmatch(name) for name in self.objectives):
            return 0
        return self.evaluation.rungs(self.training)[-1]

    def to_document(self) -> dict[str, Any]:
        """Every setting that makes a study, as plain values without credentials: config.yaml."""
        return {one.name: redact(_plain(getattr(self, one.name)), one.name) for one in fields(StudySettings)}

    def _check_checkpoint(self, evaluation: CheckpointSettings) -> None:
        if not self.checkpoint:
            allowed = (
                "must name a folder, or the owner/name of a model on the Hugging Face hub, with evaluation=checkpoint"
            )
            raise InputError("checkpoint", allowed, self.checkpoint, "Add checkpoint=./my-model.")
        if not isinstance(self.task, TextSettings) or self.task.prediction != "next":
            came = f"{self.task.name}, {getattr(self.task, 'prediction', 'next')}"
            raise InputError("task", "must be text with prediction=next for a checkpoint", came, "Drop task=.")
        if self.extra_tasks:
            remedy = "Request retrieval probes with evaluation.needle_depths."
            raise InputError("extra_tasks", "must be [] with evaluation=checkpoint", self.extra_tasks, remedy)
        self._check_phase(evaluation.phase)
        trained_again = {"confirm_seeds": self.confirm_seeds, "fidelity.num_patterns": self.fidelity.num_patterns}
        for name, value in trained_again.items():
            if not evaluation.trains and value:
                allowed = "must be 0 with evaluation.weights=frozen, where nothing is random"
                raise InputError(name, allowed, value, "Use evaluation.weights=lora, or 0.")

    def _check_phase(self, phase: PatternPhase) -> None:
        """Refuse objectives in which all patterns cost the same, and measurements of what they are not used for."""
        if phase == "both":
            return
        alike = "kv_cache_bytes" if phase == "prefill" else "flops"
        if alike in self.objectives:
            other = "flops" if phase == "prefill" else "kv_cache_bytes"
            allowed = f"must not have {alike} with evaluation.phase={phase}, where it is full attention's for all"
            raise InputError("objectives", allowed, self.objectives, f"Use objectives=[quality,{other}].")
        measured = (self.target or TargetOptions()).phase
        if self.profiles and measured != phase:
            allowed = f"must be {phase}, as evaluation.phase is, for what is measured on the device"
            raise InputError("target.phase", allowed, measured)


def _plain(value: Any) -> Any:
    if isinstance(value, list):
        return [_plain(item) for item in value]
    return asdict(value) if is_dataclass(value) and not isinstance(value, type) else value

"""The stages of `make bench-gpu`, most telling first."""

from benchmark import Benchmark


def stage(module: str, title: str, about: str, limit_s: float) -> Benchmark:
    """A module of this package; its results are a file of its own beside those of the other benchmarks."""
    return Benchmark(f"gpu_{module}", title, ("-m", f"benchmarks.gpu.{module}"), about, limit_s)


GPU_BENCHMARKS = (
    stage(
        "versions",
        "What is installed, and which kernels run",
        "Versions, and the kernels of `scaled_dot_product_attention` that compute forward and backward.",
        25,
    ),
    stage(
        "one_step",
        "One step of every kind and position",
        "Loss and gradients of a first step in bfloat16, as shares of a CPU's in float32; the last two columns are the "
        "same step in bfloat16 on the CPU, so what rounding alone does.",
        60,
    ),
    stage(
        "one_kernel",
        "One kernel for all patterns",
        "FlexAttention for twenty layers of the default space at 2,048 tokens, beside dense attention in float32: "
        "compiled graphs, and the largest difference of the output and of each gradient, as a share of the largest "
        "entry. One graph is expected for each type of input.",
        40,
    ),
    stage("marked_tests", "Tests marked `gpu`", "What the test suite leaves out on a machine without a GPU.", 40),
    stage(
        "cohorts",
        "Cohorts beside one fit at a time",
        "Optimiser steps a second and trials an hour (a trial is one run to the last rung), with the first member's "
        "quality by itself and in its cohort. The goal is 20 times the trials of one Lightning fit at a time, with "
        "equal results.",
        80,
    ),
    stage(
        "lengths",
        "Attention by length",
        "Forward and backward of eight heads of 64 in bfloat16. `tiles` are the blocks that hold a visible pair, as a "
        "share of causal attention's; `ideal` is the speed-up over causal attention if time were in proportion. The "
        "goal is 70% of it.",
        70,
    ),
    stage(
        "against_cpu",
        "Scores on a GPU and on a CPU",
        "Sixteen patterns trained to 480 steps, beside the scores of a CPU in float32 for two seeds: devices should "
        "differ by less than seeds.",
        60,
    ),
    stage(
        "memory_limit",
        "Out of memory",
        "Sixty-four proxies of the default search with room for half of them: cohorts are halved, and no trial is "
        "lost.",
        25,
    ),
    stage(
        "checkpoint",
        "Inside a pretrained decoder",
        "A tiny Llama with random weights, frozen and with adapters, on the device and on a CPU.",
        25,
    ),
    stage(
        "two_workers",
        "Two workers on one device",
        "Two spawned processes that train eight proxies each, beside one.",
        30,
    ),
    stage(
        "allocated",
        "Predicted and allocated memory",
        "Activations of a step as `nas cost` predicts them, which is for float32 on a CPU, beside what the allocator "
        "holds after the forward pass in bfloat16.",
        20,
    ),
)

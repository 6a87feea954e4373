"""What is measured on a GPU: stages of `make bench-gpu`, which need torch, lightning, numpy and msgspec alone.

python -m benchmarks.gpu.one_kernel                        # one stage
python -m benchmarks.gpu.one_kernel --device cpu --small   # the same on a CPU, tiny: a test that it runs
"""

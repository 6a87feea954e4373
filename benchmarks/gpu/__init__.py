"""What is measured on a GPU: stages of `make bench-gpu`, which need the few libraries of `NEEDED` alone.

python benchmarks/run.py --gpu                             # all of them, with any Python that has these libraries
python -m benchmarks.gpu.one_kernel                        # one stage
python -m benchmarks.gpu.one_kernel --device cpu --small   # the same on a CPU, tiny: a test that it runs
"""

NEEDED = ("torch", "lightning", "numpy", "msgspec", "cachetools")
"""The libraries without which no stage runs; a GPU machine may have no others."""

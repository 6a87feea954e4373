"""Flex is chosen only where it can be compiled; what is missing is said once."""

import warnings
from collections.abc import Iterator

import pytest
import torch
from torch._dynamo.exc import FailOnRecompileLimitHit

from nas.attention.flex import compiler
from nas.attention.flex.compiler import compiled_flex_attention, flex_fits, missing_compiler
from tests.attention.flex.cases import on_gpu


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, bool]]:
    """Whether Triton, gcc and clang are there."""
    found = {"triton": True, "gcc": True, "clang": False}
    monkeypatch.delenv("CC", raising=False)
    monkeypatch.setattr(compiler, "find_spec", lambda name: found[name] or None)
    monkeypatch.setattr("nas.attention.flex.compiler.shutil.which", lambda name: found[name] or None)
    for cached in (compiler._warn_once, missing_compiler):
        cached.cache_clear()
    yield found
    missing_compiler.cache_clear()


def test_it_fits_where_everything_is_there(machine: dict[str, bool]) -> None:
    assert flex_fits(on_gpu(), on_gpu())
    assert not flex_fits(on_gpu(8), on_gpu())
    assert not flex_fits(on_gpu(), on_gpu(8))
    assert not flex_fits(on_gpu(dtype=torch.float64), on_gpu())
    assert not flex_fits(torch.zeros(1, 2, 512, 64), torch.zeros(1, 2, 512, 64))


@pytest.mark.parametrize(("missing", "named"), [("triton", "package triton"), ("gcc", "C compiler")])
def test_a_missing_compiler_is_named_once(machine: dict[str, bool], missing: str, named: str) -> None:
    machine[missing] = False
    with pytest.warns(RuntimeWarning, match=f"as there is no {named}"):
        assert not flex_fits(on_gpu(), on_gpu())
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert not flex_fits(on_gpu(), on_gpu())


def test_any_c_compiler_will_do(machine: dict[str, bool], monkeypatch: pytest.MonkeyPatch) -> None:
    machine.update(gcc=False, clang=True)
    assert not missing_compiler()
    missing_compiler.cache_clear()
    machine["clang"] = False
    monkeypatch.setenv("CC", "/opt/bin/cc")
    assert not missing_compiler()


def test_past_the_limit_of_kernels_a_call_fails_instead_of_computing_all_pairs(monkeypatch: pytest.MonkeyPatch) -> None:
    """Dynamo by itself would go on uncompiled, and only log it."""
    compile_for = torch.compile
    monkeypatch.setattr(torch, "compile", lambda function, **options: compile_for(function, backend="eager", **options))
    monkeypatch.setattr(compiler, "_MOST_KERNELS", 1)
    compiled_flex_attention.cache_clear()
    short, long = torch.zeros(1, 1, 128, 16), torch.zeros(1, 1, 256, 16)
    try:
        with torch._dynamo.config.patch(recompile_limit=1):
            assert compiled_flex_attention()(short, short, short).shape == short.shape
            with pytest.raises(FailOnRecompileLimitHit, match="fullgraph=True"):
                compiled_flex_attention()(long, long, long)
    finally:
        compiled_flex_attention.cache_clear()
        torch._dynamo.reset()

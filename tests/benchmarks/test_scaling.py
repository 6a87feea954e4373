"""The load of workers is measured on real processes."""

from pathlib import Path

from scaling import Load, row, run, started


def test_sleeping_workers_are_busy(tmp_path: Path) -> None:
    with started("local", 2, tmp_path) as executor:
        load = run(executor, 4, 2, 50, tmp_path)
    assert (load.num_jobs, load.slept_s) == (4, 0.2)
    assert load.slept_s / 2 <= load.wall_s and load.cpu_s > 0 and load.memory_mib > 1


def test_a_row_says_how_busy_workers_were() -> None:
    load = Load(num_jobs=40, wall_s=20.0, slept_s=40.0, cpu_s=0.2, memory_mib=99.0)
    assert row("local", 4, load) == "| local | 4 | 7,200 | 50% | 5.0 | 99 |"

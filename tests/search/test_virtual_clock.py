import random

from nas.search.virtual_clock import VirtualClock


def test_what_has_fewest_steps_left_ends_first() -> None:
    clock: VirtualClock[str] = VirtualClock(2)
    clock.start("long", 10)
    clock.start("short", 3)
    assert not clock.num_free
    assert clock.next_end() == "short"
    clock.start("middle", 4)  # from 3 to 7
    assert [clock.next_end(), clock.next_end()] == ["middle", "long"]
    assert clock.is_idle and clock.num_free


def test_of_two_that_end_together_the_one_begun_first_comes_first() -> None:
    clock: VirtualClock[int] = VirtualClock(3)
    for number in range(3):
        clock.start(number, 5)
    assert [clock.next_end() for _ in range(3)] == [0, 1, 2]


def test_lanes_are_busy_as_workers_of_equal_speed_would_be() -> None:
    """Against a plain simulation: each lane has a time at which it is free; the earliest takes the next thing."""
    draw = random.Random(4)
    lengths = [draw.randint(1, 9) for _ in range(200)]
    free, ends = [0] * 3, []
    for length in lengths:
        lane = min(range(3), key=lambda index: (free[index], index))
        free[lane] += length
        ends.append(free[lane])
    clock: VirtualClock[int] = VirtualClock(3)
    waiting, seen = list(enumerate(lengths)), []
    while waiting or not clock.is_idle:
        while clock.num_free and waiting:
            number, length = waiting.pop(0)
            clock.start(number, length)
        seen.append(clock.next_end())
    assert [ends[number] for number in seen] == sorted(ends)

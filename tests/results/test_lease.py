"""The lease of a study: never two that are valid, whatever is slow, dead or asleep."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from nas.errors import StudyError
from nas.results import lease
from nas.results.generations import Generation, Sight, look
from nas.results.lease import WATCHED, Lease, seconds_passed, take

FSYNC = os.fsync


def content(name: str) -> Generation:
    return Generation(holder=name, place="")


class Clock:
    """Shows what it is told."""

    def __init__(self, now: float = 1000.0) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


def held_by(folder: Path, clock: Callable[[], float]) -> Lease:
    found = take(folder, look(folder), content("a"), clock)
    assert found is not None
    return found


def test_the_first_one_takes_it_and_the_second_sees_it(tmp_path: Path, clock: Clock) -> None:
    before = look(tmp_path)
    held = held_by(tmp_path, clock)
    assert held.is_valid and before.number == 0
    assert take(tmp_path, before, content("b"), clock) is None
    seen = look(tmp_path)
    assert (seen.number, seen.content) == (1, content("a"))
    held.beat()
    assert look(tmp_path) != seen and look(tmp_path).number == 1


def test_given_back_it_is_free(tmp_path: Path, clock: Clock) -> None:
    held = held_by(tmp_path, clock)
    held.give_back()
    assert not held.is_valid
    seen = look(tmp_path)
    assert seen.content is not None and seen.content.is_over
    after = take(tmp_path, seen, content("b"), clock)
    assert after is not None and os.listdir(tmp_path) == ["00000002"]


def test_a_holder_that_cannot_count_on_writes_no_more_before_a_watcher_would_take_over(
    tmp_path: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    held = held_by(tmp_path, clock)

    def refuse(descriptor: int) -> None:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(os, "fsync", refuse)
    clock.now += lease.VALID - 1
    held.beat()
    held.check()
    clock.now += 2
    with pytest.raises(StudyError, match=r"cut off from its file system for 30 seconds, and another one may"):
        held.check()
    assert not held.is_lost and os.listdir(tmp_path) == ["00000001"]
    monkeypatch.setattr(os, "fsync", FSYNC)
    held.check()
    assert held.is_valid and os.listdir(tmp_path) == ["00000002"], "nobody else had it meanwhile"
    assert lease.VALID + 2 * lease.BEAT < WATCHED


@pytest.mark.parametrize("again", [Lease.check, Lease.beat])
def test_a_holder_that_slept_goes_on_under_a_new_number(
    tmp_path: Path, clock: Clock, again: Callable[[Lease], None]
) -> None:
    held = held_by(tmp_path, clock)
    seen = look(tmp_path)
    clock.now += 8 * 3600
    assert not held.is_valid and not held.is_lost
    again(held)
    assert held.is_valid and os.listdir(tmp_path) == ["00000002"]
    assert take(tmp_path, seen, content("b"), clock) is None, "who watched the old number comes too late"
    held.give_back()
    assert look(tmp_path).content.is_over


@pytest.mark.parametrize("again", [Lease.check, Lease.beat])
@pytest.mark.parametrize("turns", [1, 2, 3])
def test_a_holder_that_slept_while_others_came_and_went_has_lost_it(
    tmp_path: Path, clock: Clock, again: Callable[[Lease], None], turns: int
) -> None:
    held = held_by(tmp_path, clock)
    for _ in range(turns):
        clock.now += WATCHED + 1
        other = take(tmp_path, look(tmp_path), content("b"), clock)
    assert other is not None
    other.give_back()
    with suppress(StudyError):
        again(held)
    assert held.is_lost and look(tmp_path).number == turns + 1
    with pytest.raises(StudyError, match="could not be kept by this driver"):
        held.check()


def test_a_holder_whose_folder_is_gone_has_lost_it(tmp_path: Path, clock: Clock) -> None:
    (tmp_path / "lease").mkdir()
    held = held_by(tmp_path / "lease", clock)
    (tmp_path / "lease").rename(tmp_path / "moved")
    clock.now += lease.VALID + 1
    held.beat()
    assert held.is_lost and not (tmp_path / "lease").exists()


def test_a_count_that_was_written_too_late_does_not_count(
    tmp_path: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    held = held_by(tmp_path, clock)

    def slow(descriptor: int) -> None:
        FSYNC(descriptor)
        clock.now += lease.VALID + 1

    monkeypatch.setattr(os, "fsync", slow)
    held.beat()
    assert not held.is_valid
    held.beat()
    assert not held.is_valid, "a number that was made too late counts no more than that"
    monkeypatch.setattr(os, "fsync", FSYNC)
    held.beat()
    assert held.is_valid


def test_a_holder_finds_out_that_another_one_took_over(tmp_path: Path, clock: Clock) -> None:
    held = held_by(tmp_path, clock)
    assert take(tmp_path, look(tmp_path), content("b"), clock) is not None
    held.beat()
    assert not held.is_valid
    held.give_back()
    seen = look(tmp_path)
    assert seen.content == content("b"), "what it gives back is not the other's"


def test_who_slept_before_creating_a_number_that_was_removed_backs_off(tmp_path: Path, clock: Clock) -> None:
    held_by(tmp_path, clock).give_back()
    slept = look(tmp_path)
    for _ in range(2):
        held_by(tmp_path, clock).give_back()
    held = held_by(tmp_path, clock)
    assert take(tmp_path, slept, content("late"), clock) is None
    assert held.is_valid and os.listdir(tmp_path) == ["00000004"]
    held.beat()
    assert held.is_valid


def test_a_full_disk_leaves_no_number_behind(tmp_path: Path, clock: Clock, full_disk: None) -> None:
    with pytest.raises(OSError, match="No space left"):
        held_by(tmp_path, clock)
    assert os.listdir(tmp_path) == []


def test_no_link_is_followed(tmp_path: Path, clock: Clock) -> None:
    (tmp_path / "mine").write_text("mine")
    leases = tmp_path / "lease"
    leases.mkdir()
    (leases / "00000001").symlink_to(tmp_path / "mine")
    with pytest.raises(OSError, match="symbolic links"):
        look(leases)
    (leases / "00000002").symlink_to(tmp_path / "nowhere")
    assert take(leases, Sight(1, None, b""), content("a"), clock) is None
    assert (tmp_path / "mine").read_text() == "mine" and not (tmp_path / "nowhere").exists()


def test_the_last_number_is_an_error(tmp_path: Path, clock: Clock) -> None:
    (tmp_path / "99999999").touch()
    with pytest.raises(StudyError, match="Remove it"):
        take(tmp_path, look(tmp_path), content("a"), clock)


def test_periods_are_measured_by_a_clock_that_only_rises() -> None:
    first = seconds_passed()
    assert seconds_passed() >= first


@dataclass
class Driver:
    """One that wants the study, on a machine whose clock shows something else than the others'.

    Args:
        offset: of its clock, in seconds.
        seen: the newest generation, as it saw it when it began to watch.
        began: when that was, by its clock.
        may_take: whether it has found it free.
        held: what it took last.
    """

    offset: float
    seen: Sight | None = None
    began: float = 0.0
    may_take: bool = False
    held: Lease | None = None


class Machines(RuleBasedStateMachine):
    """Three drivers whose steps come in any order, and during one another's writes."""

    def __init__(self) -> None:
        super().__init__()
        self.place = TemporaryDirectory()
        self.folder = Path(self.place.name)
        self.now = 0.0
        self.drivers = [Driver(offset) for offset in (0.0, 1e6, -300.0)]

    def teardown(self) -> None:
        self.place.cleanup()

    def clock_of(self, driver: Driver) -> Callable[[], float]:
        return lambda: self.now + driver.offset

    def ready(self) -> list[int]:
        return [who for who, driver in enumerate(self.drivers) if driver.may_take]

    def holders(self) -> list[int]:
        """Whoever took it and has not died, also if it is lost by now."""
        return [who for who, driver in enumerate(self.drivers) if driver.held is not None]

    @rule(seconds=st.sampled_from([1.0, 29.0, 31.0]))
    def pass_time(self, seconds: float) -> None:
        self.now += seconds

    @rule(who=st.integers(0, 2))
    def see(self, who: int) -> None:
        """Look, as `locked` does: begin to watch, or find that it is free or busy."""
        driver = self.drivers[who]
        if driver.held is not None and driver.held.is_valid:
            return
        passed = self.now + driver.offset - driver.began
        now = look(self.folder)
        if now.number == 0 or (now.content and now.content.is_over):
            driver.seen, driver.may_take = now, True
        elif driver.seen == now:
            driver.may_take |= passed > WATCHED
        else:
            driver.seen, driver.began, driver.may_take = now, self.now + driver.offset, False

    @rule(who=st.integers(0, 2))
    def watch(self, who: int) -> None:
        """Look until it is free or taken, while nobody else does anything."""
        self.see(who)
        self.now += WATCHED + 1
        self.see(who)

    @precondition(lambda self: self.ready())
    @rule(who=st.integers(0, 2), seconds=st.sampled_from([0.0, 0.0, 31.0, 61.0]), other=st.integers(0, 2))
    def begin(self, who: int, seconds: float, other: int) -> None:
        """Take what was found free, however long ago; others act while the file is written."""
        self.take(self.ready()[who % len(self.ready())], seconds, other)

    @precondition(lambda self: self.holders())
    @rule(who=st.integers(0, 2), seconds=st.sampled_from([0.0, 0.0, 31.0, 61.0]), other=st.integers(0, 2))
    def count(self, who: int, seconds: float, other: int) -> None:
        who = self.holders()[who % len(self.holders())]
        with self.meanwhile(seconds, other, who):
            self.drivers[who].held.beat()

    @precondition(lambda self: self.holders())
    @rule(who=st.integers(0, 2), seconds=st.sampled_from([0.0, 0.0, 31.0, 61.0]), other=st.integers(0, 2))
    def check(self, who: int, seconds: float, other: int) -> None:
        """As before every write: without the lease, nothing is written."""
        who = self.holders()[who % len(self.holders())]
        with self.meanwhile(seconds, other, who), suppress(StudyError):
            self.drivers[who].held.check()

    @precondition(lambda self: self.holders())
    @rule(who=st.integers(0, 2), other=st.integers(0, 2))
    def oversleep(self, who: int, other: int) -> None:
        """Wake up when another one has watched for long enough, and go on before it takes over."""
        self.watch(other)
        self.check(who, 0.0, other)

    @precondition(lambda self: self.holders())
    @rule(who=st.integers(0, 2))
    def give_back(self, who: int) -> None:
        self.drivers[self.holders()[who % len(self.holders())]].held.give_back()

    @precondition(lambda self: self.holders())
    @rule(who=st.integers(0, 2))
    def die(self, who: int) -> None:
        self.drivers[self.holders()[who % len(self.holders())]].held = None

    def take(self, who: int, seconds: float, other: int) -> None:
        driver = self.drivers[who]
        seen, driver.may_take, driver.seen = driver.seen, False, None
        assert seen is not None
        with self.meanwhile(seconds, other, who):
            driver.held = take(self.folder, seen, content(str(who)), self.clock_of(driver))

    @invariant()
    def one_at_most(self) -> None:
        valid = [driver.held for driver in self.drivers if driver.held is not None and driver.held.is_valid]
        assert len(valid) <= 1

    @contextmanager
    def meanwhile(self, seconds: float, other: int, who: int) -> Iterator[None]:
        """While the block writes, time passes and another driver acts."""

        def slow(descriptor: int) -> None:
            patch.undo()
            self.now += seconds
            if other != who:
                self.see(other)
                if self.drivers[other].may_take:
                    self.take(other, 0.0, other)
            self.one_at_most()

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(os, "fsync", slow)
            yield


TestMachines = Machines.TestCase
TestMachines.settings = settings(max_examples=200, stateful_step_count=40, deadline=None, derandomize=True)

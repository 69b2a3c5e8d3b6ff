"""ETA from measured steps; none where nothing was measured."""

import pytest

from engine.cascade.events import StageProgress
from engine.cascade.speed import Meter, Speeds, Workload


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_eta_counts_down_and_is_remembered() -> None:
    clock, speeds, seen = Clock(), Speeds(), list[StageProgress]()

    def job() -> Meter:
        loads = [Workload("generator", (3000,) * 4), Workload("vocoder", (480_000,) * 2)]
        return Meter(loads, speeds=speeds, clock=clock, emit=seen.append)

    first = job()
    clock.now += 0.5
    first.step_done("generator", 1, 4)
    assert [event.eta_s for event in seen] == [None]  # the vocoder never ran on this machine
    for step in (2, 3, 4):
        clock.now += 0.5
        first.step_done("generator", step, 4)
    first.restart_clock()
    for step in (1, 2):
        clock.now += 0.25
        first.step_done("vocoder", step, 2)
    assert seen[-1].eta_s == 0

    second = job()
    assert second.eta_s() == pytest.approx(4 * 0.5 + 2 * 0.25)
    clock.now += 0.5
    second.step_done("generator", 1, 4)
    assert seen[-1].eta_s == pytest.approx(3 * 0.5 + 2 * 0.25)


def test_estimates_scale_with_length() -> None:
    speeds = Speeds()
    speeds.learn("generator", 0.1, 1000)
    assert speeds.estimate_s("generator", 10 * 3000) == pytest.approx(3.0)
    assert speeds.estimate_s("vocoder", 1) is None


def test_steps_of_two_branches_count_twice() -> None:
    clock, speeds, seen = Clock(), Speeds(), list[StageProgress]()
    loads = [Workload("generator", (100, 200, 200, 100))]
    meter = Meter(loads, speeds=speeds, clock=clock, emit=seen.append)
    for step, seconds in enumerate((1, 2, 2, 1), 1):
        clock.now += seconds
        meter.step_done("generator", step, 4)
    assert [event.eta_s for event in seen] == pytest.approx([5, 3, 1, 0])


def test_time_between_stages_is_not_charged_to_a_step() -> None:
    clock, speeds = Clock(), Speeds()
    meter = Meter(
        [Workload("vocoder", (100, 100))], speeds=speeds, clock=clock, emit=lambda _: None
    )
    clock.now += 10
    meter.restart_clock()
    clock.now += 1
    meter.step_done("vocoder", 1, 2)
    assert speeds.estimate_s("vocoder", 100) == pytest.approx(1.0)

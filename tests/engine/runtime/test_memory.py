"""Free memory, the words for its lack, the preflight and the ladder; and one real shortage."""

import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import UserError
from engine.runtime.ladder import (
    RESERVE_BYTES,
    RESIDENT_ALL,
    Ladder,
    Plan,
    StageNeed,
    describe,
    preflight,
)
from engine.runtime.memory import available_bytes, give_back, is_out_of_memory

MIB = 2**20


@pytest.mark.parametrize(
    "text",
    [
        "Non-zero status code returned while running Conv node. Status Message: std::bad_alloc",
        "bfc_arena.cc:360 Failed to allocate memory for requested buffer of size 163840000",
        "CUDA failure 2: out of memory ; GPU=0",
        "CUBLAS failure 3: CUBLAS_STATUS_ALLOC_FAILED",
        "CUDNN failure 4000: CUDNN_STATUS_INTERNAL_ERROR_DEVICE_ALLOCATION_FAILED",
        "bad allocation",
    ],
)
def test_the_words_for_no_memory_are_known(text: str) -> None:
    assert is_out_of_memory(RuntimeError(text))


def test_other_errors_are_not_about_memory() -> None:
    assert is_out_of_memory(MemoryError())
    assert not is_out_of_memory(RuntimeError("Got invalid dimensions for input: x"))
    assert not is_out_of_memory(RuntimeError("CUDA failure 719: unspecified launch failure"))


def test_the_least_bound_counts(tmp_path: Path) -> None:
    inner, outer = tmp_path / "a" / "b", tmp_path / "a"
    inner.mkdir(parents=True)
    (inner / "memory.max").write_text("max\n")
    (inner / "memory.current").write_text("5\n")
    (outer / "memory.max").write_text("1000\n")
    (outer / "memory.current").write_text("700\n")
    (outer / "memory.stat").write_text("anon 650\ninactive_file 40\n")

    def available(system: int, left: int | None) -> int:
        folders = [inner, outer, tmp_path / "absent"]
        return available_bytes(system=lambda: system, folders=folders, address_space=lambda: left)

    assert available(5000, None) == 340
    assert available(200, None) == 200
    assert available(5000, 100) == 100
    assert available(5000, -3) == 0


def test_this_machine_has_some_memory() -> None:
    assert available_bytes() > 10 * MIB
    give_back()


GENERATOR = StageNeed(40 * MIB, 100_000, 3000, branches=2)
VOCODER = StageNeed(20 * MIB, 1000, 64_000, batched=False)


def test_the_estimate_by_hand() -> None:
    plan = Plan("cpu", 4, RESIDENT_ALL)
    assert plan.needs_bytes([GENERATOR, VOCODER]) == 3 * 60 * MIB + 100_000 * 3000 * 2 * 4
    one = Plan("cuda", 1, 1)
    assert one.needs_bytes([GENERATOR, VOCODER]) == 2 * 40 * MIB + 100_000 * 3000 * 2
    # with little to compute, loading the largest model is the peak
    assert plan.needs_bytes([VOCODER]) == (3 + 6) * 20 * MIB


def test_the_preflight_starts_at_the_first_plan_that_fits() -> None:
    needs = [GENERATOR, VOCODER]

    def first(cuda: int, main: int) -> tuple[str, int, int]:
        ladder = preflight(needs, takes=4, free_bytes={"cuda": cuda, "cpu": main})
        return ladder.plan.device, ladder.plan.batch, ladder.plan.resident

    def enough(plan: Plan) -> int:
        return plan.needs_bytes(needs) + RESERVE_BYTES

    all_takes = Plan("cuda", 4, RESIDENT_ALL)
    assert first(enough(all_takes), 0) == ("cuda", 4, RESIDENT_ALL)
    assert first(enough(all_takes) - 1, 0) == ("cuda", 2, RESIDENT_ALL)
    single = enough(Plan("cuda", 1, 1))
    assert first(single, 10**12) == ("cuda", 1, 1)
    assert first(single - 1, 10**12) == ("cpu", 4, RESIDENT_ALL)
    with pytest.raises(UserError, match=r"MB are needed and 0 MB are free"):
        first(0, 0)


def test_the_rungs_are_batches_then_residents_then_the_cpu() -> None:
    ladder = preflight([VOCODER], takes=3, free_bytes={"cuda": 10**12, "cpu": 10**12})
    assert [(p.device, p.batch, p.resident) for p in ladder.rungs] == [
        ("cuda", 3, RESIDENT_ALL),
        ("cuda", 2, RESIDENT_ALL),
        ("cuda", 1, RESIDENT_ALL),
        ("cuda", 1, 1),
        ("cpu", 3, RESIDENT_ALL),
        ("cpu", 2, RESIDENT_ALL),
        ("cpu", 1, RESIDENT_ALL),
        ("cpu", 1, 1),
    ]


@given(
    takes=st.integers(1, 4),
    cuda=st.integers(0, 2**34),
    main=st.integers(0, 2**34),
    weights=st.integers(1, 2**32),
    activation=st.integers(1, 10**6),
)
def test_every_rung_fits_and_the_ladder_ends(
    takes: int, cuda: int, main: int, weights: int, activation: int
) -> None:
    needs = [StageNeed(weights, activation, 3000), VOCODER]
    free = {"cuda": cuda, "cpu": main}
    try:
        ladder = preflight(needs, takes=takes, free_bytes=free)  # type: ignore[arg-type]
    except UserError:
        return
    seen = [ladder.plan]
    while len(ladder.rungs) > 1:
        ladder = ladder.lower()
        assert describe(seen[-1], ladder.plan)
        seen.append(ladder.plan)
    with pytest.raises(UserError, match="did not fit"):
        ladder.lower()
    assert len(set(seen)) == len(seen) <= 8
    for plan in seen:
        assert plan.needs_bytes(needs) + RESERVE_BYTES <= free[plan.device]
        assert 1 <= plan.batch <= takes


def test_a_ladder_of_one_has_nothing_below() -> None:
    with pytest.raises(UserError, match="Close other programs"):
        Ladder((Plan("cpu", 1, 1),)).lower()


SHORTAGE = """
import resource, sys, warnings
from pathlib import Path
import numpy as np, psutil
from engine.runtime.cancel import CancelToken
from engine.runtime.devices import cpu
from engine.runtime.ladder import Ladder, Plan
from engine.runtime.memory import OutOfMemory
from engine.runtime.session import Runtime

said = []
runtime = Runtime(cpu(), 1, notify=said.append)
bound = runtime.model(Path(sys.argv[1])).bind()
bound.run(CancelToken(), x=np.ones((1, 64, 1, 8), np.float32))
everything = np.ones((4, 64, 1, 200_000), np.float32)  # 205 MB, and twice that to work in
vms = psutil.Process().memory_info().vms
resource.setrlimit(resource.RLIMIT_AS, (vms + 210 * 2**20,) * 2)
ladder = Ladder(tuple(Plan("cpu", batch, 8) for batch in (4, 2, 1)))
failures = 0
while True:
    batch = ladder.plan.batch
    try:
        out = bound.run(CancelToken(), x=everything[:batch])
        break
    except OutOfMemory:
        failures += 1
        ladder = runtime.step_down(ladder)
print(failures, batch, out.shape, len(said))
"""


@pytest.mark.skipif(sys.platform != "linux", reason="RLIMIT_AS bounds memory on Linux only")
def test_a_real_shortage_is_survived_by_a_smaller_batch(short_model: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", SHORTAGE, str(short_model)],
        capture_output=True,
        text=True,
        timeout=120,
        cwd=Path(__file__).parents[3],
        check=False,
    )
    assert done.stderr == ""
    failures, batch, *rest = done.stdout.split()
    assert int(failures) >= 1
    assert int(batch) < 4
    assert rest == [f"({batch},", "64,", "1,", "200000)", failures]

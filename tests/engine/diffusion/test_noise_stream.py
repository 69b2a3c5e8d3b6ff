"""The same seed is the same noise for ever: golden values, statistics, independence of takes."""

import hashlib
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.diffusion.noise import BatchNoise, NoiseStream, _box_muller, offset_stream

COUNT = 400_000
GOLDEN = [1.126136899, -0.003011216, 0.635072529, 0.090041324, 1.906394601, 1.509766817]
GOLDEN_OFFSETS = [1640, 1894, 2416, 267]


def test_first_values_never_change() -> None:
    # A change here makes every stored recipe another sound.
    values = NoiseStream(20230208, 3, "generator").draw((6,))
    np.testing.assert_allclose(values, GOLDEN, atol=2e-6)  # an ulp or two between processors
    draw_offset = offset_stream(20230208, "generator")
    assert [draw_offset(3072) for _ in range(4)] == GOLDEN_OFFSETS


def test_values_are_box_mullers_transform_of_philoxs_words() -> None:
    # Re-derived in float64 from the key's documented layout.
    stage = int.from_bytes(hashlib.blake2b(b"vocoder", digest_size=8).digest(), "little")
    words = np.random.Philox(key=[7 | 2 << 32, stage]).random_raw(500)
    wanted = []
    for word in words.tolist():
        low, high = word & 0xFFFFFFFF, word >> 32
        radius = math.sqrt(-2 * math.log((low + 0.5) / 2**32))
        angle = 2 * math.pi * high / 2**32
        wanted += [radius * math.cos(angle), radius * math.sin(angle)]
    found = NoiseStream(7, 2, "vocoder").draw((1000,))
    np.testing.assert_allclose(found, wanted, atol=1e-5)


def test_extreme_words_stay_finite() -> None:
    found = np.empty((2, 2), np.float32)
    _box_muller(np.array([0, 2**64 - 1], np.uint64), found)
    np.testing.assert_allclose(found[0], [math.sqrt(2 * math.log(2**33)), 0], rtol=1e-6)
    np.testing.assert_allclose(found[1], [0, 0], atol=1e-3)


def test_values_are_standard_normal() -> None:
    values = NoiseStream(1, 1, "generator").draw((COUNT,)).astype(np.float64)
    assert abs(values.mean()) < 4 / math.sqrt(COUNT)
    assert abs(values.var() - 1) < 4 * math.sqrt(2 / COUNT)
    assert abs((values**3).mean()) < 4 * math.sqrt(15 / COUNT)
    assert abs((values**4).mean() - 3) < 4 * math.sqrt(96 / COUNT)
    ordered = np.sort(values)[:: COUNT // 2000]
    normal = np.array([0.5 * (1 + math.erf(value / math.sqrt(2))) for value in ordered])
    ranks = np.arange(len(ordered)) * (COUNT // 2000) / COUNT
    assert np.abs(normal - ranks).max() < 1.95 / math.sqrt(COUNT)  # Kolmogorov, 0.1 %


def test_neighbours_are_uncorrelated() -> None:
    values = NoiseStream(1, 1, "generator").draw((COUNT,)).astype(np.float64)
    for lag in (1, 2, 3, 160):  # 1: the cosine and sine of one word
        for power in (1, 2):
            powered = values**power
            found = np.corrcoef(powered[:-lag], powered[lag:])[0, 1]
            assert abs(found) < 4 / math.sqrt(COUNT)


@pytest.mark.parametrize(
    "other", [(2, 1, "generator"), (1, 2, "generator"), (1, 1, "vocoder"), (0, 1, "generator")]
)
def test_other_seeds_takes_and_stages_are_independent(other: tuple[int, int, str]) -> None:
    one = NoiseStream(1, 1, "generator").draw((100_000,))
    two = NoiseStream(*other).draw((100_000,))
    assert abs(np.corrcoef(one, two)[0, 1]) < 4 / math.sqrt(100_000)


def test_a_take_does_not_depend_on_its_batch() -> None:
    shape = (3, 50)
    batch = BatchNoise(5, [1, 2, 3, 4], "generator")
    alone = BatchNoise(5, [3], "generator")
    stream = NoiseStream(5, 3, "generator")
    for _ in range(3):
        third = batch.draw((4, *shape))[2]
        np.testing.assert_array_equal(third, alone.draw((1, *shape))[0])
        np.testing.assert_array_equal(third, stream.draw(shape))


def test_a_batch_is_float32_and_checks_its_length() -> None:
    batch = BatchNoise(5, [1, 2], "generator")
    assert batch.draw((2, 3, 4)).dtype == np.float32
    assert batch.draw((2, 3, 4)).flags["C_CONTIGUOUS"]
    for shape in ((3, 3, 4), ()):
        with pytest.raises(ValueError, match="for each of 2 takes"):
            batch.draw(shape)


@settings(deadline=None)  # no test depends on the clock
@given(first=st.integers(0, 300), second=st.integers(0, 300))
def test_draws_go_on_where_the_last_word_ended(first: int, second: int) -> None:
    whole = NoiseStream(1, 1, "s").draw((700,))
    stream = NoiseStream(1, 1, "s")
    start = first + first % 2
    np.testing.assert_array_equal(stream.draw((first,)), whole[:first])
    np.testing.assert_array_equal(stream.draw((second,)), whole[start : start + second])


def test_blocks_do_not_show() -> None:
    long = NoiseStream(1, 1, "s").draw((2, 150_000))  # several blocks of the transform
    stream = NoiseStream(1, 1, "s")
    pieces = [stream.draw((1000,)) for _ in range(300)]
    np.testing.assert_allclose(long.ravel(), np.concatenate(pieces), atol=2e-6)


@settings(deadline=None)  # no test depends on the clock
@given(seed=st.integers(0, 2**32 - 1), take=st.integers(0, 2**32 - 1))
def test_every_seed_gives_finite_noise(seed: int, take: int) -> None:
    values = NoiseStream(seed, take, "generator").draw((64,))
    assert np.isfinite(values).all()
    assert np.abs(values).max() < 6.8


@pytest.mark.parametrize(("seed", "take"), [(-1, 1), (2**32, 1), (1, -1), (1, 2**32)])
def test_seed_and_take_out_of_range_are_refused(seed: int, take: int) -> None:
    with pytest.raises(ValueError, match=r"(seed|take) -?\d+ is not in"):
        NoiseStream(seed, take, "generator")

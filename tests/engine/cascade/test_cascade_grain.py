"""What a bundle says of its generator's takes: grain, each take's own, and emphasis."""

from dataclasses import replace
from pathlib import Path

import msgspec
import numpy as np
import pytest

from engine.bundle.checks import read_manifest
from engine.bundle.store import open_bundle
from engine.bundle.verify import Bundle
from engine.cascade.cascade import Cascade
from engine.errors import UserError
from engine.evaluation.music.generator import GeneratorRunner
from engine.recipe import Recipe, StageSettings
from engine.runtime.cancel import CancelToken
from engine.runtime.devices import choose
from engine.runtime.session import Bound, Model, Runtime
from tests.engine.cascade.test_cascade import rendered, takes_of

SHARES = (0.0,) * 80 + (0.5,) * 80
LOOP = Recipe(prompt="funk", bpm=120, bars=1, loop=True, seed=3)


def with_generator(bundle: Bundle, **changes: object) -> Bundle:
    generator = msgspec.structs.replace(bundle.manifest.stages["generator"], **changes)
    stages = bundle.manifest.stages | {"generator": generator}
    return replace(bundle, manifest=msgspec.structs.replace(bundle.manifest, stages=stages))


def grained(bundle: Bundle, shares: tuple[float, ...]) -> Bundle:
    return with_generator(bundle, grain=shares)


@pytest.fixture(scope="module")
def bundle(tiny_bundle: Path) -> Bundle:
    return open_bundle(tiny_bundle)


def mel(bundle: Bundle, recipe: Recipe) -> np.ndarray:
    runner = GeneratorRunner(bundle, Runtime(choose("cpu"), 1))
    return runner.mel(recipe, CancelToken())


def test_grain_is_in_the_stereo_image_alone(bundle: Bundle) -> None:
    plain, rough = mel(bundle, LOOP), mel(grained(bundle, SHARES), LOOP)
    np.testing.assert_array_equal(rough[:80], plain[:80])
    assert np.abs(rough[80:] - plain[80:]).max() > 1e-3


def test_temperature_is_the_grains_too_and_many_steps_leave_none(bundle: Bundle) -> None:
    def drawn(**given: object) -> float:
        settings = StageSettings(sampler="ancestral", **given)  # type: ignore[arg-type]
        recipe = msgspec.structs.replace(LOOP, generator=settings)
        plain, rough = mel(bundle, recipe), mel(grained(bundle, SHARES), recipe)
        image = np.sqrt(np.mean(plain[80:] ** 2))
        return float(np.std(rough[80:] - plain[80:]) / image)

    few = drawn(steps=2, step_schedule="log-snr-truncated", temperature=1.0)
    assert drawn(steps=2, step_schedule="log-snr-truncated", temperature=0.0) == 0
    assert drawn(steps=12, step_schedule="log-snr", temperature=1.0) < few


def test_a_take_has_its_own_grain_alone_or_beside_others(bundle: Bundle) -> None:
    cascade = Cascade(grained(bundle, SHARES), Runtime(choose("cpu"), 1))
    pair = takes_of(rendered(cascade, msgspec.structs.replace(LOOP, takes=2)))
    (second,) = takes_of(rendered(cascade, msgspec.structs.replace(LOOP, first_take=2)))
    np.testing.assert_allclose(pair[1].audio, second.audio, atol=1e-5)
    assert np.abs(pair[0].audio - pair[1].audio).max() > 1e-3


def test_a_bundle_with_shares_for_other_channels_is_refused(bundle: Bundle) -> None:
    wrong = grained(bundle, SHARES[:7]).manifest
    with pytest.raises(UserError, match="7 shares of grain for 160 channels"):
        read_manifest(msgspec.json.encode(wrong))


def test_a_bundle_can_tell_its_network_more_than_once_who_plays(
    bundle: Bundle, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[np.ndarray] = []

    def bind(self: Model, **constants: np.ndarray) -> Bound:
        if "globals" in constants:
            told.append(constants["globals"][0])
        return plainly(self, **constants)

    plainly = Model.bind
    monkeypatch.setattr(Model, "bind", bind)
    mel(bundle, LOOP)
    mel(with_generator(bundle, emphasis=3.0), LOOP)
    names = bundle.manifest.stages["generator"].globals
    plays = [name.startswith("plays_") for name in names]
    assert told[0][plays].max() == 1
    np.testing.assert_array_equal(told[1][plays], 3 * told[0][plays])
    others = np.logical_not(plays)
    np.testing.assert_array_equal(told[1][others], told[0][others])

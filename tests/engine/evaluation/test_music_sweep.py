"""Settings of the generator beside each other: the grid, the rows, going on, and a real bundle."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.bundle.store import open_bundle
from engine.cascade.cascade import Cascade
from engine.cascade.events import MelPreview
from engine.errors import UserError
from engine.evaluation.clips import held_out
from engine.evaluation.music.asks import Ask, drawn_asks
from engine.evaluation.music.ear import judged_mel
from engine.evaluation.music.generator import GeneratorRunner
from engine.evaluation.music.grid import DEFAULT_AXES, read_axes, settings_grid
from engine.evaluation.music.sweep import (
    COLUMNS,
    NAME,
    REAL,
    Setting,
    panel,
    setting_name,
    sweep,
    sweep_table,
)
from engine.recipe import Recipe, StageSettings
from engine.runtime.cancel import CancelToken
from engine.runtime.devices import choose
from engine.runtime.session import Runtime
from tests.engine.evaluation.made_music import (
    FakeEar,
    FloatArray,
    fake_means,
    made_music,
    noise,
    obedient,
)


def test_axes_are_read() -> None:
    axes = read_axes(["steps=4, 8", "guidance=1,2.5", "step-schedule=log-snr"])
    assert axes == {"steps": (4, 8), "guidance": (1.0, 2.5), "step_schedule": ("log-snr",)}
    assert read_axes([]) == {}


@pytest.mark.parametrize(
    "word", ["", "steps", "steps=", "speed=3", "steps=2.5", "sampler=euler", "guidance=a"]
)
def test_what_is_no_axis_is_refused(word: str) -> None:
    with pytest.raises(UserError, match="The grid was refused"):
        read_axes([word])


@given(st.lists(st.text(max_size=30), max_size=3))
def test_any_words_are_axes_or_refused(words: list[str]) -> None:
    try:
        axes = read_axes(words)
    except UserError:
        return
    assert all(axes.values())


def test_a_grid_goes_axis_by_axis_or_everywhere() -> None:
    middle = StageSettings(steps=8)
    axes = {"steps": (4, 8), "guidance": (1.0, 3.0, 5.0)}
    star = settings_grid(middle, axes)
    guided = [StageSettings(steps=8, guidance=weight) for weight in (1.0, 3.0, 5.0)]
    assert star == (middle, StageSettings(steps=4), *guided)
    assert len(settings_grid(middle, axes, every=True)) == 7
    assert len(settings_grid(StageSettings(), DEFAULT_AXES)) == 27
    assert setting_name(StageSettings()) == "the preset"
    assert setting_name(StageSettings(steps=4, sampler="ddim")) == "steps 4, sampler ddim"


class FakeGenerator:
    """Obeys where it is guided, and makes noise where not."""

    def __init__(self) -> None:
        self.guidance: list[float | None] = []

    def mel(self, recipe: Recipe, token: CancelToken) -> FloatArray:
        token.check()
        self.guidance.append(recipe.generator.guidance)
        play = obedient if (recipe.generator.guidance or 0) > 1 else noise
        return judged_mel(play(recipe, 1), loop=recipe.loop)

    def settings(self, recipe: Recipe) -> dict[str, object]:
        return {"guidance": recipe.generator.guidance}


@pytest.fixture(scope="module")
def asks(tmp_path_factory: pytest.TempPathFactory) -> tuple[Ask, ...]:
    folder = made_music(tmp_path_factory.mktemp("data"), clips=8)
    return drawn_asks(
        held_out([folder], "test", 8, arrays=("audio16",)), 5, longest_s=2, seed=0
    )  # fmt: skip


def swept(
    asks: tuple[Ask, ...],
    folder: Path,
    generator: FakeGenerator,
    *,
    key: str = "k",
    after: int = 99,
) -> list[Setting] | None:
    grid = settings_grid(StageSettings(), {"guidance": (1.0, 3.0)})
    return sweep(
        grid, panel(asks, FakeEar(), fake_means), generator, preset="draft", folder=folder, key=key,
        stop=lambda: len(generator.guidance) > after,
    )  # fmt: skip


def test_what_does_not_obey_is_told_from_real_clips(tmp_path: Path) -> None:
    clips = held_out([made_music(tmp_path / "data", clips=16)], "test", 16, arrays=("audio16",))
    many = drawn_asks(clips, 16, longest_s=2, seed=0)
    rows = swept(many, tmp_path, FakeGenerator())
    assert rows is not None
    real, plain, _, guided = (row.figures["two_sample"] for row in rows)
    assert real == 0.5
    assert plain == 1
    assert guided is not None
    assert guided < 0.8


def test_settings_that_obey_stand_out(asks: tuple[Ask, ...], tmp_path: Path) -> None:
    generator = FakeGenerator()
    rows = swept(asks, tmp_path, generator)
    assert rows is not None
    assert [row.name for row in rows] == [REAL, "the preset", "guidance 1.0", "guidance 3.0"]
    real, plain, _, guided = rows
    assert real.figures["genre"] == 1
    assert real.figures["frechet"] == pytest.approx(0, abs=1e-6)
    assert guided.figures["genre"] == 0.8  # some held-out words name no genre plainly
    assert guided.figures["tempo"] == 1
    assert plain.figures["tempo"] == 0
    for column in ("frechet", "beat_phase_ms"):
        assert (guided.figures[column] or 0) < (plain.figures[column] or 0)
    assert guided.figures["instrument"] is None  # the ear knows none
    assert guided.figures["two_sample"] is None  # of so few nothing can be said
    assert set(guided.figures) == set(COLUMNS)
    table = sweep_table(rows)
    assert table[1][0] == REAL
    assert "*" not in "".join(table[1])
    assert table[4][1] == "80 %*"
    assert table[1][-1] == "–"


def test_a_sweep_goes_on_and_another_key_begins_anew(asks: tuple[Ask, ...], tmp_path: Path) -> None:
    first = FakeGenerator()
    assert swept(asks, tmp_path, first, after=len(asks) + 1) is None
    again = FakeGenerator()
    assert swept(asks, tmp_path, again) is not None
    assert None not in again.guidance  # the preset's row was there
    assert again.guidance.count(1.0) == len(asks) + 1
    third = FakeGenerator()
    assert swept(asks, tmp_path, third) is not None
    assert third.guidance == []
    assert swept(asks, tmp_path, third, key="another") is not None
    assert len(third.guidance) == 3 * (len(asks) + 1)
    (tmp_path / NAME).write_bytes(b"{}")
    assert swept(asks, tmp_path, FakeGenerator()) is not None
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(UserError, match="The sweep was not kept"):
        swept(asks, tmp_path / "file", FakeGenerator())


def test_the_generator_alone_makes_what_a_render_makes(tiny_bundle: Path) -> None:
    bundle, runtime = open_bundle(tiny_bundle), Runtime(choose("cpu"), 1)
    recipe = Recipe(prompt="calm house", bpm=120, bars=1, loop=True, seed=4, preset="draft")
    previews: list[FloatArray] = []

    def emit(event: object) -> None:
        if isinstance(event, MelPreview):
            previews.append(event.mel)

    Cascade(bundle, runtime).render(recipe, emit=emit, cancel=CancelToken())
    runner = GeneratorRunner(bundle, runtime)
    made = runner.mel(recipe, CancelToken())
    assert made.shape == (160, 200)
    assert made == pytest.approx(np.clip(previews[-1][0], -1, 1), abs=1e-4)
    assert runner.settings(recipe)["steps"] == len(previews)


def test_a_bundle_without_mels_is_refused(tiny_waveform_bundle: Path) -> None:
    with pytest.raises(UserError, match="makes no mels"):
        GeneratorRunner(open_bundle(tiny_waveform_bundle), Runtime(choose("cpu"), 1))

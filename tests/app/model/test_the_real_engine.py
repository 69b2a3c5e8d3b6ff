"""From a prompt to a file that a DAW gets, through the real engine and a tiny bundle."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import soundfile

from app.library.clip import Clip
from app.library.wav import recipe_of
from app.model.session import Session
from app.model.takes import TakeState
from engine.audio.wav import parse_wav
from engine.recipe import Recipe, to_json
from tests.fixtures.qt import wait_until

PATIENCE_S = 120.0


@pytest.fixture
def session(tmp_path: Path, tiny_frames_bundle: Path) -> Iterator[Session]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("NOISEFALL_HOME", str(tmp_path / "home"))
        patch.setenv("NOISEFALL_THREADS", "1")
        session = Session(config_dir=tmp_path / "config", data_dir=tmp_path / "data")
        settings = session.models.settings
        settings.clips_folder = str(tmp_path / "clips")
        settings.device, settings.threads = "cpu", 1
        settings.bundle = str(tiny_frames_bundle)
        session.start()
        yield session
        session.close()


def test_a_loop_from_the_prompt_to_the_daw(session: Session) -> None:
    the_bundle_is_known(session)
    clip = a_take_is_kept(session)
    path, recipe = it_is_handed_off(session, clip)
    part = a_part_is_cut(session)
    assert [other.name for other in (clip.path.parent / "Parts").iterdir()] == [part.name]
    its_recipe_comes_back(session, path, recipe)


def the_bundle_is_known(session: Session) -> None:
    models = session.models
    wait_until(lambda: models.engine.stages, patience_s=PATIENCE_S)
    assert models.engine.stages == ("generator", "vocoder", "super_resolution")
    assert not models.engine.has_steps("vocoder")
    assert models.form.stages["generator"].preset_value("steps") is not None
    curve = models.engine.step_curve("generator", "uniform")
    assert (curve[0], curve[-1], len(curve)) == (1.0, 0.0, 49)
    assert models.engine.bundles == ()
    assert any(device.used for device in models.engine.devices) or not models.engine.devices


def a_take_is_kept(session: Session) -> Clip:
    models = session.models
    models.form.prompt = "90 bpm house in F# minor"
    wait_until(lambda: models.form.bpm == 90 and models.form.key == "F#m", patience_s=PATIENCE_S)
    models.form.turn("bars", 1)
    models.form.turn("loop", value=True)
    models.form.preset = "draft"
    models.form.takes = 2
    assert models.jobs.generate()
    wait_until(
        lambda: [take.state for take in models.takes.takes].count(TakeState.FINISHED) == 2,
        patience_s=PATIENCE_S,
    )  # in the background, unasked
    mel = models.takes.mel(1)
    assert mel is not None
    assert mel.shape[0] == 160
    assert abs(mel.shape[1] - 267) <= 16
    models.takes.keep(1)
    wait_until(lambda: models.takes.takes[1].clip is not None, patience_s=PATIENCE_S)
    clip = models.takes.takes[1].clip
    assert clip is not None
    assert clip.name.endswith("_90bpm_F#m_loop_take2")
    assert soundfile.info(clip.path).frames == 64_000  # 1 · 4 · 60/90 s at 24 kHz
    return clip


def it_is_handed_off(session: Session, clip: Clip) -> tuple[Path, Recipe]:
    """At 48 kHz: made ahead of the drag, a loop still exact, the recipe in it."""
    models = session.models
    models.settings.handoff_rate_hz = 48_000
    assert models.actions.drag_data([clip.id]) is None
    wait_until(lambda: models.actions.file(clip.id) is not None, patience_s=PATIENCE_S)
    path = models.actions.file(clip.id)
    assert path is not None
    assert path.parent.name == "48 kHz 24"
    assert (soundfile.info(path).samplerate, soundfile.info(path).frames) == (48_000, 128_000)
    carried = recipe_of(path.read_bytes())
    assert carried is not None
    assert to_json(carried) == clip.recipe_json
    return path, carried


def a_part_is_cut(session: Session) -> Path:
    """It is no loop any more."""
    models = session.models
    clip = models.takes.takes[1].clip
    assert clip is not None
    assert models.actions.drag_part_of_take(1, (0.5, 1.25)) is None
    wait_until(
        lambda: models.actions.part_file(clip.id, (0.5, 1.25)) is not None, patience_s=PATIENCE_S
    )
    part = models.actions.part_file(clip.id, (0.5, 1.25))
    assert part is not None
    parsed = parse_wav(part.read_bytes())
    assert (parsed.frames, parsed.smpl_loops) == (36_000, ())
    data = models.actions.drag_part_of_take(1, (0.5, 1.25))
    assert data is not None
    assert [url.toLocalFile() for url in data.urls()] == [str(part)]
    return part


def its_recipe_comes_back(session: Session, path: Path, carried: Recipe) -> None:
    """Dropped on the window; that can be undone."""
    models = session.models
    models.form.prompt = "something else"
    models.actions.drop_files([path])
    wait_until(lambda: models.form.prompt.startswith("90 bpm"))
    assert (models.form.first_take, models.form.seed_locked) == (2, True)
    assert to_json(models.form.recipe()) == to_json(carried).replace(
        b',"bundle":"' + carried.bundle.encode() + b'"', b""
    )
    models.undo.undo()
    assert models.form.prompt == "something else"

"""The pictures' arithmetic: levels, channels, frequencies, the grid, the waveform's columns."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtCore import QSize

from app.view.picture.mel_image import CEIL, FLOOR, mel_bytes
from app.view.picture.mel_scale import frequency_at, height_of, spoken_hz
from app.view.picture.quick_mel import quick_mel
from app.view.picture.spectrogram import SpectrogramView, thumbnail
from app.view.picture.time_axis import TimeAxis
from app.view.picture.waveform import columns, coverage, extremes
from app.view.theme.theme import Theme
from app.view.widgets.meter import meter_height
from app.view.widgets.stage_progress import spoken_duration
from tests.app.view.staged import noise_mel

DB = 255 * 0.02 / (CEIL - FLOOR)  # bytes per decibel


def flat(level: float, difference: float) -> np.ndarray:
    mel = np.full((160, 8), level, np.float16)
    mel[80:] = difference
    return mel


def test_levels_span_the_table() -> None:
    assert mel_bytes(flat(-1, 0)).max() == 0
    assert mel_bytes(flat(1, 0)).min() == 255
    middle = mel_bytes(flat((FLOOR + CEIL) / 2, 0))
    assert middle.shape == (80, 8)
    assert set(np.unique(middle)) <= {127, 128}


def test_high_frequencies_are_on_top() -> None:
    mel = flat(-1, 0)
    mel[79] = 1.0
    assert mel_bytes(mel)[0].min() == 255
    assert mel_bytes(mel)[1:].max() == 0


def test_channels_of_a_sound_panned_hard_left() -> None:
    mel, middle = flat(0.0, 1.0), int(mel_bytes(flat(0.0, 0.0))[0, 0])
    shown = {
        name: int(mel_bytes(mel, name)[0, 0]) - middle for name in ("left", "right", "mid", "side")
    }
    # 24 dB of difference: left +3.0 dB, right −21.0 dB, mid −2.5 dB, side −3.5 dB of the level
    for name, decibels in (("left", 2.99), ("right", -21.01), ("mid", -2.48), ("side", -3.57)):
        assert shown[name] == pytest.approx(decibels * DB, abs=1.2)


def test_the_side_of_a_centred_sound_is_silent() -> None:
    assert mel_bytes(flat(0.5, 0.0), "side").max() == 0
    assert (mel_bytes(flat(0.5, 0.0), "left") == mel_bytes(flat(0.5, 0.0), "right")).all()


@given(st.binary(min_size=320, max_size=320 * 4), st.sampled_from(["mid", "left", "right", "side"]))
def test_any_bits_make_a_picture(data: bytes, channel: str) -> None:
    frames = len(data) // 320
    mel = np.frombuffer(data[: 320 * frames], np.float16).reshape(160, frames)
    shown = mel_bytes(mel, channel)  # type: ignore[arg-type]  # one of four
    assert shown.shape == (80, frames)
    assert shown.dtype == np.uint8


def test_frequencies_come_back() -> None:
    assert height_of(20) == 0
    assert height_of(8_000) == pytest.approx(1)
    for hertz in (50, 440, 1_000, 5_000):
        assert frequency_at(height_of(hertz)) == pytest.approx(hertz)
    assert [spoken_hz(f) for f in (50, 1_000, 1_500)] == ["50", "1k", "1.5k"]


def test_a_sine_lies_where_it_should() -> None:
    time_s = np.arange(24_000) / 24_000
    audio = np.zeros((24_000, 2), np.float32)
    audio[:, 0] = np.sin(2 * np.pi * 1_000 * time_s)
    mel = quick_mel(audio, 24_000)
    assert mel.shape == (160, 100)
    band = int(mel[:80, 50].argmax())
    assert abs((band + 0.5) / 80 - height_of(1_000)) < 1 / 80
    assert mel[80 + band, 50] == 1.0  # all of it is left


def test_the_grid_of_a_clip() -> None:
    axis = TimeAxis()
    axis.set_clip(8.0, 120.0, "4/4")
    lines = axis.grid(800)
    assert [label for _, label in lines if label.strip()] == ["1", "2", "3", "4"]
    assert [x for x, label in lines if label.strip()] == pytest.approx([0, 200, 400, 600])
    assert len(lines) == 16
    assert axis.position_text(2.75) == "2.2.50"
    assert axis.snapped(1.1) == 1.0
    axis.set_clip(8.0, 120.0, "6/8")  # six eighths of 0.25 s
    assert axis.beat_s == pytest.approx(0.25)
    axis.set_clip(8.0, None, "4/4")
    assert axis.position_text(2.75) == "2.75 s"
    assert axis.snapped(1.1) == 1.1


@given(
    st.lists(
        st.tuples(st.sampled_from(["zoom", "pan"]), st.floats(-3, 3), st.floats(0, 10)), max_size=20
    )
)
def test_the_view_never_leaves_the_clip(moves: list[tuple[str, float, float]]) -> None:
    axis = TimeAxis()
    axis.set_clip(10.0, 97.0, "7/8")
    for what, amount, at_s in moves:
        if what == "zoom":
            axis.zoom_by(2.0**amount, at_s)
        else:
            axis.pan_by(amount)
        assert -1e-9 <= axis.start_s < axis.end_s <= 10.0 + 1e-9
        assert len(axis.grid(900)) < 1_000


def test_zooming_leaves_the_mouse_where_it_is() -> None:
    axis = TimeAxis()
    axis.set_clip(10.0, None, "4/4")
    axis.zoom_by(4.0, 5.0)
    before = axis.x_of(5.5, 800)
    axis.zoom_by(1.5, 5.5)
    assert axis.x_of(5.5, 800) == pytest.approx(before)


def test_the_waveform_keeps_its_peaks() -> None:
    audio = np.zeros((16_000, 2), np.float32)
    audio[8_000] = (0.9, -0.7)
    cells = extremes(audio)
    assert cells.shape == (250, 2, 2)
    found = columns(cells, 0, 250, 100)
    assert found.shape == (100, 2, 2)
    assert found[:, 0, 1].max() == np.float32(0.9)
    assert found[:, 1, 0].min() == np.float32(-0.7)
    assert int(found[:, 0, 1].argmax()) in (49, 50)
    assert columns(cells, 100, 150, 400).shape == (400, 2, 2)  # zoomed in further than the cells


def test_a_spectrogram_paints_its_mel(theme: Theme) -> None:
    axis = TimeAxis()
    view = SpectrogramView(axis, theme)
    view.resize(600, 300)
    axis.set_clip(10.67, 90.0, "4/4")
    loud, quiet = (np.full((160, 1067), level, np.float16) for level in (0.6, -1.0))
    loud[80:] = quiet[80:] = 0
    lights = []
    for mel in (loud, quiet):
        view.set_mel(mel)
        image = view.grab().toImage()
        lights.append(image.pixelColor(310 * image.width() // 600, 150).lightness())
    assert lights[0] > 200
    assert lights[1] < 40


def test_a_thumbnail_has_its_size(theme: Theme) -> None:
    assert thumbnail(noise_mel(3_000), QSize(90, 28), theme.map_table).size() == QSize(90, 28)
    assert thumbnail(noise_mel(3), QSize(90, 28), theme.map_table).size() == QSize(90, 28)


def test_the_meter_scale() -> None:
    heights = [meter_height(level) for level in (-90.0, -60.0, -24.0, -12.0, 0.0, 3.0)]
    assert heights == pytest.approx([0, 0, 0.35, 0.675, 1, 1])


def test_durations_as_said() -> None:
    said = [spoken_duration(s) for s in (0.04, 2.26, 7.6, 42.0, 60.0, 83.0)]
    assert said == ["0.1 s", "2.3 s", "8 s", "42 s", "1 min", "1 min 25 s"]


def test_waves_are_covered_where_they_are_and_joined() -> None:
    found = np.zeros((4, 2, 2), np.float32)
    found[1, 0] = (-1.0, 1.0)  # a click at the left
    found[2:, 1] = 0.5  # a step at the right
    picture = coverage(found, 100)
    assert picture.shape == (100, 4)
    thick = picture.astype(float).sum(axis=0) / 255  # rows covered, both channels
    assert thick == pytest.approx([2, 1 + 48 + 0.5 * 23.5, 2, 2], abs=0.1)
    assert picture[50 + 25, 3] == 0  # the step has left the middle
    assert picture[50 + 13, 3] > 100

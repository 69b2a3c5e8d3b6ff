"""One clip, really rendered. Skipped only where FluidSynth or the SoundFonts are missing."""

from pathlib import Path

import numpy as np
import pytest

from engine.audio.loudness import integrated_lufs, true_peak_dbtp
from engine.corpus.render import Renderer
from engine.corpus.store import clips
from engine.corpus.store.make import Settings, make_corpus
from engine.errors import UserError


def test_a_rendered_clip_is_stored(tmp_path: Path) -> None:
    try:
        Renderer().close()
    except UserError as error:
        pytest.skip(str(error))
    summary = make_corpus(Settings(hours=0.001, folder=tmp_path, workers=0, stems=True))
    assert summary.finished
    assert summary.plan is not None
    assert summary.plan.versions.soundfonts
    clip = next(clips(tmp_path))
    audio = clip.audio()
    assert len(audio) == clip.info.samples == round(clip.annotations.seconds * 24_000)
    loop = clip.annotations.loop
    assert integrated_lufs(audio, 24_000, periodic=loop) == pytest.approx(-16, abs=0.5)
    assert (true_peak_dbtp(audio, periodic=loop) or 0) <= -0.9
    assert clip.mel().shape == (160, clip.info.frames)
    assert float(np.asarray(clip.mel()[:80], np.float32).max()) > 0.2
    assert clip.mel(stem="drums").shape == clip.mel().shape
    assert clip.info.soundfont in {"", *summary.plan.versions.soundfonts}

"""Screenshots of a filled window, for looking at: no engine, real music.

`python -m tests.app.view.demo OUT_PREFIX SHARD [dark|light]`; SHARD is a folder of prepared
training data (mel.npy, audio24.npy, clips.json). QT_SCALE_FACTOR and QT_QPA_PLATFORM as usual.
"""

import sys
import tempfile
from functools import partial
from pathlib import Path

import numpy as np
import soxr

from app.model.clips import ClipsModel
from app.playback.sound import Levels
from engine.protocol.messages import Measured
from engine.recipe import Recipe, duration_s
from tests.app.view.staged import (
    Shard,
    Stage,
    new_clip,
    reading,
    send_preview,
    send_take,
    stage,
)
from tests.fixtures.qt import run_for, wait_until

NAMES = ("dusty-rhodes", "late-night-tape", "neon-ska-walk", "glass-garden", "swing-at-nine",
         "cellar-drone", "paper-lanterns", "low-tide")  # fmt: skip
SHOWN = (3, 3, 5, 4)  # the clips of the shard that stand for four takes


def _holds(clips: ClipsModel, count: int) -> bool:
    return clips.total == count


def fill_library(made: Stage, shard: Shard) -> None:
    """Eight clips, some with stars and tags."""
    clips = made.session.models.clips
    for index, name in enumerate(NAMES):
        said = shard.clips[index]
        asked = Recipe(
            prompt=said["texts"][0], bpm=float(said["bpm"]), key=said["key_name"] or None,
            bars=said["bars"], meter=said["meter"], loop=said["loop"],
        )  # fmt: skip
        clips.add(new_clip(f"{name}.wav", asked, shard.audio(index)))
        wait_until(partial(_holds, clips, index + 1))
    ids = [clips.clip_at(row).id for row in range(clips.rowCount())]
    clips.set_stars(ids[1:3], 4)
    clips.add_tag(ids[2:4], "album")
    run_for(1.0)
    made.session.models.undo.clear()


def fill_takes(made: Stage, shard: Shard) -> None:
    """Four takes, heard and measured."""
    asked = Recipe(prompt="x", bpm=float(shard.clips[3]["bpm"]), key="Am", bars=4, takes=4)
    frames = round(duration_s(asked) * 100)
    made.session.models.takes.begin(1, asked)
    mels = [np.tile(shard.mel(index), 4)[:, :frames] for index in SHOWN]
    send_preview(made.session, np.ascontiguousarray(np.stack(mels)), step=20)
    for number, index in enumerate(SHOWN):
        audio = np.tile(shard.audio(index), (4, 1))[: frames * 240]
        measured = Measured(
            bpm=(asked.bpm or 0) + (-0.2, 0.1, 3.9, 0.0)[number],
            key=("Am", "Am", "C", "Am")[number],
            loudness_lufs=-15.8, true_peak_dbtp=-1.3,
        )  # fmt: skip
        low = soxr.resample(audio, 24_000, 16_000).astype(np.float32)
        send_take(made.session, number + 1, low, asked, measured)


def main(prefix: str, shard_folder: str, theme: str = "dark") -> None:
    """Make the screenshots."""
    with tempfile.TemporaryDirectory() as folder:
        made = stage(Path(folder), theme)
        window, form = made.window, made.session.models.form
        window.show()

        def save(name: str) -> None:
            run_for(0.5)
            window.grab().save(f"{prefix}-{name}.png")

        save("empty")
        shard = Shard(Path(shard_folder))
        form.turn("prompt", "dreamy lo-fi rhodes over dusty drums, 90 bpm, A minor")
        form.take_reading(reading())
        fill_library(made, shard)
        fill_takes(made, shard)
        levels = Levels(
            peak_db=(-8, -10.5), hold_db=(-3.2, -4.1), momentary_lufs=-15.2, short_term_lufs=-16
        )
        made.player.levels_changed.emit(levels)
        window.axis.set_playhead(3.4)
        save("main")
        window.knobs.stages.setChecked(True)
        save("stages")
        made.close()


if __name__ == "__main__":
    main(*sys.argv[1:4])

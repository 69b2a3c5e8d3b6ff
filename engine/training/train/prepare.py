"""From a corpus to prepared data: the side of training that needs the full installation.

Clips lie on the cascade's grid of whole frames: a loop is resampled onto it as a periodic signal
and its mel made anew, exactly as rendering does (engine.cascade.plan); a one-shot is filled up with
silence. Each part is finished by its clips.json, so an interrupted run continues.
"""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from itertools import groupby
from pathlib import Path
from typing import Final

import numpy as np
from numpy.lib.format import open_memmap
from numpy.typing import NDArray

from engine.audio.mel import stereo_mel
from engine.audio.resample import fft_resample
from engine.corpus.annotate import Annotations
from engine.corpus.captions import Captions
from engine.corpus.store import SPLITS, StoredClip, open_corpus
from engine.corpus.store.layout import MEL, RATE_HZ
from engine.errors import UserError
from engine.music.chords import tones
from engine.training.train.data import (
    ARRAYS,
    CLIPS_NAME,
    FULL_SCALE,
    NOTES,
    ClipEntry,
    write_clips,
)
from engine.training.train.played import clip_played

Audio = NDArray[np.float32]
_LOW_HZ: Final = 16_000


@dataclass(frozen=True, kw_only=True)
class Prepared:
    """What `prepare` did: parts written and kept, clips and seconds of audio written."""

    written: int
    kept: int
    clips: int
    seconds: float


def prepare(
    corpus: Path,
    out: Path,
    *,
    arrays: tuple[str, ...] = tuple(ARRAYS),
    seconds_per_part: float = 3600.0,
    say: Callable[[str], None] = lambda line: None,
    stop: Callable[[], bool] = lambda: False,
) -> Prepared:
    """Write every clip of a corpus as prepared data.

    Args:
        corpus: folder of the corpus.
        out: folder of the data.
        arrays: names in ARRAYS; a generator needs "mel" alone.
        seconds_per_part: of audio, about.
        say: takes lines of progress.
        stop: asked after each clip; true ends the run.

    Raises:
        UserError: the corpus cannot be read, or the folder not written.
    """
    written = kept = clips = 0
    seconds = 0.0
    opened = open_corpus(corpus)
    for split in SPLITS:
        for number, part in enumerate(_parts(opened.clips(split), seconds_per_part)):
            folder = out / f"{split}-{number:04d}"
            if (folder / CLIPS_NAME).exists():
                kept += 1
                continue
            try:
                done = _write_part(folder, part, arrays, stop)
            except OSError as error:
                raise UserError(
                    "The data were not prepared", f"{folder}: {error}", "Free some space"
                ) from None
            if not done:
                return Prepared(written=written, kept=kept, clips=clips, seconds=seconds)
            written, clips = written + 1, clips + len(part)
            seconds += sum(clip.info.samples for clip in part) / RATE_HZ
            say(f"{folder.name}: {len(part)} clips")
    return Prepared(written=written, kept=kept, clips=clips, seconds=seconds)


def _parts(clips: Iterator[StoredClip], seconds_per_part: float) -> Iterator[list[StoredClip]]:
    """Clips in order, cut where another `seconds_per_part` begins."""
    at = 0.0
    numbered = []
    for clip in clips:
        numbered.append((int(at // seconds_per_part), clip))
        at += clip.info.samples / RATE_HZ
    for _, group in groupby(numbered, key=lambda pair: pair[0]):
        yield [clip for _, clip in group]


def grid_frames(samples: int, *, loop: bool) -> int:
    """Frames of a 24 kHz clip on the cascade's grid: rounded for a loop, else up."""
    exact = samples * 100 / RATE_HZ
    return max(1, round(exact) if loop else math.ceil(exact - 1e-6))


def on_grid(audio: Audio, *, loop: bool) -> dict[str, NDArray[np.generic]]:
    """Every array of a 24 kHz clip (samples, 2), by its name in ARRAYS."""
    frames = grid_frames(len(audio), loop=loop)
    if loop:
        high = fft_resample(audio, frames * 240, periodic=True)
        low = fft_resample(audio, frames * 160, periodic=True)
    else:
        high = np.pad(audio, [(0, frames * 240 - len(audio)), (0, 0)])
        low = fft_resample(high, frames * 160)
    mel = stereo_mel(low, MEL, circular=loop)
    return {
        "mel": mel.T.astype(np.float16),
        "audio16": _whole(low),
        "audio24": _whole(high),
    }


def _whole(audio: Audio) -> NDArray[np.int16]:
    return np.clip(np.round(audio * FULL_SCALE), -FULL_SCALE, FULL_SCALE).astype(np.int16)


def _write_part(
    folder: Path, part: list[StoredClip], names: tuple[str, ...], stop: Callable[[], bool]
) -> bool:
    """Write one part; whether it was finished."""
    folder.mkdir(parents=True, exist_ok=True)
    lengths = [grid_frames(clip.info.samples, loop=clip.annotations.loop) for clip in part]
    targets = {}
    for name in names:
        per_frame, columns, dtype = ARRAYS[name]
        shape = (sum(lengths) * per_frame, columns)
        targets[name] = open_memmap(folder / f"{name}.npy", "w+", dtype, shape)
    entries, first, square = [], 0, 0.0
    notes: list[NDArray[np.float32]] = []
    for clip, frames in zip(part, lengths, strict=True):
        if stop():
            return False
        arrays = on_grid(clip.audio(), loop=clip.annotations.loop)
        square += (
            float(np.square(arrays["audio16"].astype(np.float64) / FULL_SCALE).mean()) * frames
        )
        for name, target in targets.items():
            per_frame = ARRAYS[name][0]
            target[first * per_frame : (first + frames) * per_frame] = arrays[name]
        what = clip_played(clip.annotations, clip.file("mid"), frames=frames)
        entries.append(
            replace(
                entry(clip.key, clip.annotations, clip.captions, first, frames),
                notes=(sum(map(len, notes)), len(what.notes)),
                players=what.players,
            )
        )
        notes.append(what.notes)
        first += frames
    for target in targets.values():
        target.flush()
    np.save(folder / f"{NOTES}.npy", np.concatenate(notes), allow_pickle=False)
    write_clips(folder, entries, mean_square=square / max(first, 1))
    return True


def entry(
    key: str, annotations: Annotations, captions: Captions, first: int, frames: int
) -> ClipEntry:
    """A clip's labels as training uses them.

    Its texts are three long captions, all short tags as one, the first three of them, and the
    genre's word alone: people type little, and a model that only read captions hears little in it.
    """
    a = annotations
    chords = tuple(
        (c.start_s, c.end_s, tuple(sorted({*tones(c.root, c.quality), c.bass}))) for c in a.chords
    )
    terse = (", ".join(captions.short[:count]) for count in (None, 3, 1))
    labels = {
        "genre": (a.genre,),
        "instrument": tuple(dict.fromkeys(part.instrument for part in a.parts)),
        "mood": a.moods,
        "era": (a.era,),
    }
    return ClipEntry(
        key=key, first=first, frames=frames, bpm=a.bpm, meter=a.meter, bars=a.bars,
        key_name=a.key, loop=a.loop, chords=chords,
        texts=(*captions.long, *terse), labels=labels,
    )  # fmt: skip

"""From a score to sound: instruments, strips, sends, master.

Parts are rendered dry (SoundFont parts together, own voices one by one), folded onto the canvas,
treated in their strips, summed into buses, and mastered. Only buses are kept: a bus per stem if
stems are wanted, one bus otherwise.
"""

import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from engine.corpus.render.buses import Buses
from engine.corpus.render.canvas import Canvas, Played, Signal, canvas_of
from engine.corpus.render.effects import Scene
from engine.corpus.render.fluid import FluidSynth
from engine.corpus.render.master import finish, low_rate, treat
from engine.corpus.render.sampled import sampled_parts
from engine.corpus.render.soundfonts import find_soundfonts
from engine.corpus.render.space import room_size
from engine.corpus.render.strip import make_strip
from engine.corpus.render.tables import Cache
from engine.corpus.render.voices import FLAVOURS, VOICES, Phrase
from engine.music.instruments import INSTRUMENTS, Instrument
from engine.music.score import STEM_OF_ROLE, Part, Score, Stem

_CACHE_BYTES: Final = 384 << 20
_KICK_KEYS: Final = (35, 36)
_DEFAULT_ROOM: Final = 0.35


Audio = NDArray[np.float32]  # (samples, 2)


@dataclass(frozen=True)
class Rendering:
    """A rendered score.

    Attributes:
        audio_24k: (round(seconds · 24 000), 2).
        audio_16k: (round(seconds · 16 000), 2), the same sound at the same gain.
        stems_24k: by stem, (samples, 2), aligned and at the gain that they have in the mix; what
            the master adds to the whole (saturation, tape, vinyl) is not in them. Empty unless
            asked for.
        soundfont: name of the bank that played; "" where the project's own voices played all.
    """

    audio_24k: Audio
    audio_16k: Audio
    stems_24k: Mapping[Stem, Audio]
    soundfont: str


class Renderer:
    """One per process: SoundFonts, notes and rooms stay in memory between scores."""

    def __init__(self, soundfonts: Mapping[str, Path] | None = None) -> None:
        """Prepare; FluidSynth and SoundFonts are loaded when a part first needs them.

        Args:
            soundfonts: name → file; None looks for them.
        """
        self._soundfonts = soundfonts
        self._fluid: FluidSynth | None = None
        self._cache = Cache(_CACHE_BYTES)

    def close(self) -> None:
        """Let go of FluidSynth."""
        if self._fluid is not None:
            self._fluid.close()
            self._fluid = None

    def __enter__(self) -> "Renderer":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def render(self, score: Score, *, stems: bool = False) -> Rendering:
        """Render a score; the same score gives the same samples.

        Args:
            score: what to play.
            stems: whether drums, bass, harmony and melody are wanted apart, too.

        Raises:
            ValueError: an unknown instrument, effect or treatment.
            UserError: no SoundFont or no FluidSynth where a part needs them.
        """
        canvas = canvas_of(score)
        placed = [canvas.place(part.notes) for part in score.parts]
        kicks = _kicks(score.parts, placed, canvas)
        soundfont = self._soundfont_of(score)
        buses = Buses(canvas, apart=stems)
        for index, dry in self._dry(score, placed, canvas, soundfont):
            part = score.parts[index]
            scene = Scene(canvas, kicks, part.cutoff, _seed(score, part.name) % 64)
            strip = make_strip(part, dry, score.genre, scene)
            if strip is not None:
                buses.add(strip, part.role)
        room = room_size(score.master.get("reverb_room", _DEFAULT_ROOM))
        buses.close(room, score.seed)
        return _mastered(score, canvas, buses, soundfont, stems_wanted=stems)

    def _soundfont_of(self, score: Score) -> str:
        """Name of the bank that plays a score: chosen by its seed. "" where no part needs one."""
        if all(_instrument(part).source == "synth" for part in score.parts):
            return ""
        if self._soundfonts is None:
            self._soundfonts = find_soundfonts()
        if self._fluid is None:
            self._fluid = FluidSynth()
        names = sorted(self._soundfonts)
        return names[zlib.crc32(f"font {score.seed}".encode()) % len(names)]

    def _dry(
        self, score: Score, placed: list[list[Played]], canvas: Canvas, soundfont: str
    ) -> Iterator[tuple[int, Signal]]:
        """(part index, (1 or 2, total)) of every part that has notes."""
        sampled: dict[int, tuple[Instrument, list[Played], int]] = {}
        for index, (part, notes) in enumerate(zip(score.parts, placed, strict=True)):
            instrument = _instrument(part)
            frames = canvas.dry_frames(notes)
            if instrument.source != "synth":
                sampled[index] = (instrument, notes, frames)
            elif notes:
                flavour = _seed(score, part.instrument) % FLAVOURS
                rng = np.random.default_rng(_seed(score, part.name))
                phrase = Phrase(notes, frames, flavour, self._cache, rng)
                yield index, canvas.fold(VOICES[instrument.voice](phrase))
        if sampled and self._fluid is not None and self._soundfonts is not None:
            path = str(self._soundfonts[soundfont])
            for index, dry in sampled_parts(self._fluid, path, sampled, self._cache):
                yield index, canvas.fold(dry)


def _mastered(
    score: Score, canvas: Canvas, buses: Buses, soundfont: str, *, stems_wanted: bool
) -> Rendering:
    scene = Scene(canvas, np.zeros(0, np.int64), (), score.seed % (1 << 32))
    treated = treat(buses.mix(), score.master, scene)
    mastered = finish(treated.mix, canvas, np.random.default_rng([score.seed, 2]))
    audio = np.ascontiguousarray(mastered.audio.T)
    stems: dict[Stem, Audio] = {}
    for stem in sorted(set(STEM_OF_ROLE.values())) if stems_wanted else ():
        sound = np.zeros_like(mastered.audio)
        if stem in buses.stems:
            sound = treated.follow(buses.stems[stem])[:, canvas.lead :] * mastered.gain
        stems[stem] = np.ascontiguousarray(sound.T)
    return Rendering(audio, low_rate(audio, canvas), stems, soundfont)


def _instrument(part: Part) -> Instrument:
    if part.instrument not in INSTRUMENTS:
        msg = f"unknown instrument: {part.instrument}"
        raise ValueError(msg)
    return INSTRUMENTS[part.instrument]


def _kicks(
    parts: tuple[Part, ...], placed: list[list[Played]], canvas: Canvas
) -> NDArray[np.int64]:
    """Samples of the canvas with a kick drum, the loop's lead included."""
    starts = [
        note.start + canvas.lead
        for part, notes in zip(parts, placed, strict=True)
        if part.role == "drums"
        for note in notes
        if note.pitch in _KICK_KEYS
    ]
    rounds = range(-(-canvas.lead // canvas.frames) + 1)
    wrapped = {start - turn * canvas.frames for start in starts for turn in rounds}
    return np.array(sorted(start for start in wrapped if start >= 0), np.int64)


def _seed(score: Score, name: str) -> int:
    """A number that depends on the score and a name in it."""
    return zlib.crc32(f"{score.seed} {name}".encode())

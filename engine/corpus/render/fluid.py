"""FluidSynth in this process, asked for single notes.

pyfluidsynth finds and loads the library; the calls below are ours, because its `get_samples`
returns 16-bit mixes. Notes are played one after another: a note that a score repeats needs to be
played once (engine.corpus.render.sampled), which is a third of playing the score. Its reverb and
chorus are off: the mixer has its own.

A note starts with the gain that the last user of its voice slots left behind (2.3.1; the bug is
told in https://github.com/FluidSynth/fluidsynth/pull/1470), so the same note would depend on what
was played before. Every note is therefore struck twice: a block of it unheard, then for real in
the same slots.

Rejected: playing parts as they are, one audio group each (three times the work, and notes land on
FluidSynth's 64-sample blocks); its sequencer; writing MIDI and rendering files (the time of a
process and of loading 148 MB per clip).
"""

import ctypes
import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from engine.corpus.render.canvas import RATE_HZ, Signal
from engine.corpus.render.soundfonts import remedy
from engine.errors import UserError

BLOCK: Final = 64  # FluidSynth's internal block
DRUM_BANK: Final = 128
_POLYPHONY: Final = 64  # voices of one note
_GAIN: Final = 0.5
_TAIL_S: Final = 1.7  # longest, after release
_CHUNK: Final = 40 * BLOCK  # of a tail, between looks at whether it has ended
_INAUDIBLE: Final = 10 ** (-66 / 10)  # in power
_STEP: Final = 4 * BLOCK
_FADE_IN: Final = np.linspace(0, 1, 12, endpoint=False, dtype=np.float32)
_FADE_OUT: Final = np.linspace(1, 0, _STEP, dtype=np.float32)
_FOURTH_ORDER: Final = 4
_OK: Final = 0

_SETTINGS: Final = {
    "synth.audio-groups": 1,
    "synth.audio-channels": 1,
    "synth.polyphony": _POLYPHONY,
    "synth.reverb.active": 0,
    "synth.chorus.active": 0,
    "synth.dynamic-sample-loading": 1,
    "synth.cpu-cores": 1,
}

_POINTER: Final = ctypes.c_void_p
_PROTOTYPES: Final[dict[str, tuple[Any, tuple[Any, ...]]]] = {
    "new_fluid_settings": (_POINTER, ()),
    "delete_fluid_settings": (None, (_POINTER,)),
    "fluid_settings_setint": (ctypes.c_int, (_POINTER, ctypes.c_char_p, ctypes.c_int)),
    "fluid_settings_setnum": (ctypes.c_int, (_POINTER, ctypes.c_char_p, ctypes.c_double)),
    "new_fluid_synth": (_POINTER, (_POINTER,)),
    "delete_fluid_synth": (None, (_POINTER,)),
    "fluid_synth_sfload": (ctypes.c_int, (_POINTER, ctypes.c_char_p, ctypes.c_int)),
    "fluid_synth_program_select": (ctypes.c_int, (_POINTER,) + (ctypes.c_int,) * 4),
    "fluid_synth_pin_preset": (ctypes.c_int, (_POINTER,) + (ctypes.c_int,) * 3),
    "fluid_synth_set_interp_method": (ctypes.c_int, (_POINTER, ctypes.c_int, ctypes.c_int)),
    "fluid_synth_noteon": (ctypes.c_int, (_POINTER,) + (ctypes.c_int,) * 3),
    "fluid_synth_noteoff": (ctypes.c_int, (_POINTER,) + (ctypes.c_int,) * 2),
    "fluid_synth_all_sounds_off": (ctypes.c_int, (_POINTER, ctypes.c_int)),
    "fluid_synth_get_active_voice_count": (ctypes.c_int, (_POINTER,)),
    "fluid_synth_write_float": (
        ctypes.c_int,
        (_POINTER, ctypes.c_int) + (_POINTER, ctypes.c_int, ctypes.c_int) * 2,
    ),
}


@dataclass(frozen=True)
class Strike:
    """One note of a preset.

    Attributes:
        bank, program: the preset; DRUM_BANK for kits.
        pitch, velocity: MIDI.
        held: samples until release.
    """

    bank: int
    program: int
    pitch: int
    velocity: int
    held: int

    @property
    def frames(self) -> int:
        """Samples at most: held and tail, in whole chunks."""
        return -(-(self.held + round(_TAIL_S * RATE_HZ)) // _CHUNK) * _CHUNK


class FluidSynth:
    """A synthesizer with its SoundFonts, kept alive for as long as a process renders."""

    def __init__(self) -> None:
        self._calls = _library()
        self._settings = self._calls.new_fluid_settings()
        for name, value in _SETTINGS.items():
            self._calls.fluid_settings_setint(self._settings, name.encode(), value)
        self._calls.fluid_settings_setnum(self._settings, b"synth.sample-rate", RATE_HZ)
        self._calls.fluid_settings_setnum(self._settings, b"synth.gain", _GAIN)
        self._synth = self._calls.new_fluid_synth(self._settings)
        self._calls.fluid_synth_set_interp_method(self._synth, -1, _FOURTH_ORDER)
        self._fonts: dict[str, int] = {}
        self._pinned: set[tuple[int, int, int]] = set()
        self._selected: tuple[int, int, int] | None = None
        self._reserve(RATE_HZ)

    def close(self) -> None:
        """Let go of the library's memory."""
        if self._synth is not None:
            self._calls.delete_fluid_synth(self._synth)
            self._calls.delete_fluid_settings(self._settings)
            self._synth = None

    def play(self, path: str, strikes: Sequence[Strike]) -> list[Signal]:
        """Render single notes.

        Args:
            path: the SoundFont; loaded the first time it is named.
            strikes: any number of notes.

        Returns:
            Per note (2, samples), cut where it has died away.

        Raises:
            UserError: the SoundFont cannot be read or lacks a preset.
        """
        font = self._load(path)
        return [self._strike(font, strike) for strike in strikes]

    def _load(self, path: str) -> int:
        if path not in self._fonts:
            font = self._calls.fluid_synth_sfload(self._synth, os.fsencode(path), 0)
            if font < 0:
                raise UserError(
                    "Music cannot be rendered", f"FluidSynth cannot read {path}", remedy()
                )
            self._fonts[path] = font
        return self._fonts[path]

    def _select(self, font: int, strike: Strike) -> None:
        """Choose a preset (or the bank's first, where it lacks one) and keep its samples loaded."""
        wanted = (font, strike.bank, strike.program)
        if self._selected == wanted:
            return
        for program in dict.fromkeys((strike.program, 0)):
            preset = (font, strike.bank, program)
            if self._calls.fluid_synth_program_select(self._synth, 0, *preset) == _OK:
                if preset not in self._pinned:
                    self._calls.fluid_synth_pin_preset(self._synth, *preset)
                    self._pinned.add(preset)
                self._selected = wanted
                return
        raise UserError(
            "Music cannot be rendered", f"the SoundFont has no bank {strike.bank}", remedy()
        )

    def _strike(self, font: int, strike: Strike) -> Signal:
        self._select(font, strike)
        if self._output.shape[1] < strike.frames:
            self._reserve(strike.frames)
        calls, synth = self._calls, self._synth
        calls.fluid_synth_noteon(synth, 0, strike.pitch, strike.velocity)
        self._write(0, BLOCK)
        self._silence()
        calls.fluid_synth_noteon(synth, 0, strike.pitch, strike.velocity)
        done = max(BLOCK, round(strike.held / BLOCK) * BLOCK)
        self._write(0, done)
        calls.fluid_synth_noteoff(synth, 0, strike.pitch)
        while done + _CHUNK <= strike.frames and calls.fluid_synth_get_active_voice_count(synth):
            self._write(done, _CHUNK)
            done += _CHUNK
        sound = _trimmed(self._output[:, :done])
        self._silence()
        return sound

    def _silence(self) -> None:
        """Free all voices; FluidSynth does so with the next block."""
        self._calls.fluid_synth_all_sounds_off(self._synth, 0)
        self._write(0, BLOCK)

    def _reserve(self, frames: int) -> None:
        """Room for the output; its addresses are kept, numpy takes its time to tell them."""
        self._output = np.zeros((2, frames), np.float32)
        self._left, self._right = self._output.ctypes.data, self._output[1].ctypes.data

    def _write(self, start: int, frames: int) -> None:
        self._calls.fluid_synth_write_float(
            self._synth, frames, self._left, start, 1, self._right, start, 1
        )


def _trimmed(sound: Signal) -> Signal:
    """A copy without the end that is 66 dB under its loudest part, faded where it is cut."""
    steps = sound[:, : sound.shape[1] // _STEP * _STEP].reshape(2, -1, _STEP)
    power = np.einsum("csn,csn->s", steps, steps)
    heard = np.flatnonzero(power > _INAUDIBLE * float(power.max(initial=0.0)))
    length = (int(heard[-1]) + 1) * _STEP if heard.size else BLOCK
    cut = sound[:, :length].copy()
    fade = min(length, _STEP)
    cut[:, -fade:] *= _FADE_OUT[-fade:]
    cut[:, : _FADE_IN.size] *= _FADE_IN
    return cut


def _library() -> Any:
    """The FluidSynth functions in use, with their prototypes.

    Raises:
        UserError: the library is not installed, or older than 2.2.
    """
    try:
        import fluidsynth  # noqa: PLC0415 - loads the library

        library = fluidsynth._fl
        for name, (result, arguments) in _PROTOTYPES.items():
            function = getattr(library, name)
            function.restype, function.argtypes = result, arguments
    except (ImportError, AttributeError) as error:
        raise UserError(
            "Music cannot be rendered",
            f"FluidSynth 2.2 or newer is not usable ({error})",
            "Install it with: pip install pyfluidsynth, and apt-get install libfluidsynth3"
            " (macOS: brew install fluid-synth; Windows: choco install fluidsynth)",
        ) from error
    return library

"""Five drum machines as tables: which piece a General MIDI key strikes, and how each kit builds it.

A stroke depends on kit, key, loudness layer and flavour alone, so all of a process's scores share
them. A flavour detunes and stretches a kit a little: eight scores do not have one and the same
kick.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from engine.corpus.render.canvas import RATE_HZ, Signal
from engine.corpus.render.voices.drums import (
    clap,
    click,
    falling_sine,
    held_noise,
    metal,
    mix,
    noise_hit,
    scrape,
)
from engine.corpus.render.voices.phrase import Phrase, Voice, level_of

_LAYERS: Final = 4  # of loudness
_CHOKE_S: Final = 0.012
CLOSED_HATS: Final = (42, 44)
OPEN_HAT: Final = 46


@dataclass(frozen=True)
class Kit:
    """Settings of one drum machine.

    Attributes:
        kick_hz, kick_decay_s, kick_bend, kick_drive, kick_click: the kick's final pitch, ring,
            fall (times the pitch), saturation and beater.
        snare_hz, snare_decay_s, snare_noise, snare_low_hz: the drum, and its wires over it.
        hat_decay_s, open_decay_s: how long hats ring.
        hat_metal: 0 noise … 1 square waves.
        tom_hz: pitch of the lowest tom.
        top_hz: the recording's bandwidth.
        bits: quantisation; 0 is none.
        chip: whether noise is held and the kick is a square, as console chips had it.
    """

    kick_hz: float = 50.0
    kick_decay_s: float = 0.16
    kick_bend: float = 3.0
    kick_drive: float = 1.0
    kick_click: float = 0.3
    snare_hz: float = 185.0
    snare_decay_s: float = 0.09
    snare_noise: float = 1.0
    snare_low_hz: float = 900.0
    hat_decay_s: float = 0.03
    open_decay_s: float = 0.16
    hat_metal: float = 0.5
    tom_hz: float = 80.0
    top_hz: float = 11_000.0
    bits: int = 0
    chip: bool = False


KITS: Final[dict[str, Kit]] = {
    "kit808": Kit(
        kick_hz=48, kick_decay_s=0.34, kick_bend=1.6, kick_drive=0.8, kick_click=0.12,
        snare_noise=0.8, snare_low_hz=1200, hat_decay_s=0.025, open_decay_s=0.2, hat_metal=0.9,
    ),
    "kit909": Kit(
        kick_hz=52, kick_decay_s=0.15, kick_bend=3.6, kick_drive=1.8, kick_click=0.5,
        snare_hz=195, snare_decay_s=0.11, snare_noise=1.2, hat_metal=0.35, tom_hz=95,
    ),
    "kittrap": Kit(
        kick_hz=45, kick_decay_s=0.22, kick_bend=4.5, kick_drive=2.6, kick_click=0.4,
        snare_hz=215, snare_decay_s=0.13, snare_noise=1.4, snare_low_hz=1600, hat_decay_s=0.018,
        open_decay_s=0.22, hat_metal=0.6,
    ),
    "kitlofi": Kit(
        kick_hz=58, kick_decay_s=0.12, kick_bend=1.8, kick_drive=1.4, kick_click=0.2,
        snare_hz=170, snare_decay_s=0.1, snare_low_hz=600, hat_decay_s=0.035, hat_metal=0.2,
        top_hz=5500, bits=9,
    ),
    "kitchip": Kit(
        kick_hz=60, kick_decay_s=0.08, kick_bend=4.0, kick_click=0.0, snare_hz=240,
        snare_decay_s=0.07, hat_decay_s=0.02, open_decay_s=0.1, bits=5, chip=True,
    ),
}  # fmt: skip

# what a maker needs: the kit, its strength 0–1, the random generator of the stroke
Maker = Callable[[Kit, float, np.random.Generator], Signal]


def _kick(kit: Kit, strength: float, rng: np.random.Generator) -> Signal:
    bend = kit.kick_bend * (0.6 + 0.4 * strength)
    drive = 12.0 if kit.chip else kit.kick_drive * (0.4 + 0.8 * strength)
    body = falling_sine(kit.kick_hz, kit.kick_decay_s, bend=bend, bend_s=0.025, drive=drive)
    return mix(body, kit.kick_click * strength * click(rng, high_hz=3000 + 6000 * strength))


def _snare(kit: Kit, strength: float, rng: np.random.Generator) -> Signal:
    drum = falling_sine(kit.snare_hz, 0.05, bend=0.6, bend_s=0.012)
    overtone = falling_sine(1.78 * kit.snare_hz, 0.03)
    decay_s = kit.snare_decay_s * (0.7 + 0.4 * strength)
    if kit.chip:
        wires = held_noise(rng, decay_s, rate_hz=9000)
    else:
        wires = noise_hit(rng, decay_s, low_hz=kit.snare_low_hz, high_hz=2600 + 4400 * strength)
    amount = kit.snare_noise * (0.5 + 0.6 * strength)
    return mix(0.7 * drum, 0.35 * overtone, np.float32(amount) * wires)


def _clap(kit: Kit, strength: float, rng: np.random.Generator) -> Signal:
    if kit.chip:
        return held_noise(rng, 0.06, rate_hz=6000)
    return clap(rng, spread_s=0.011, tail_s=0.05 + 0.04 * strength, low_hz=kit.snare_low_hz * 0.9)


def _hat(decay: Callable[[Kit], float]) -> Maker:
    def make(kit: Kit, strength: float, rng: np.random.Generator) -> Signal:
        decay_s = decay(kit) * (0.6 + 0.6 * strength)
        if kit.chip:
            return 0.7 * held_noise(rng, decay_s, rate_hz=22_000)
        low_hz = 7500 - 2000 * strength
        noise = noise_hit(rng, decay_s, low_hz=low_hz, attack_s=0.0005)
        bells = metal(decay_s, low_hz=low_hz, tune=1.45)
        return 1.4 * mix((1 - kit.hat_metal) * noise, kit.hat_metal * bells)

    return make


def _cymbal(decay_s: float, low_hz: float, shimmer: float) -> Maker:
    def make(kit: Kit, strength: float, rng: np.random.Generator) -> Signal:
        if kit.chip:
            return held_noise(rng, decay_s * 0.5, rate_hz=15_000)
        wash = noise_hit(rng, decay_s, low_hz=low_hz, attack_s=0.002)
        hiss = noise_hit(rng, decay_s * 0.3, low_hz=low_hz * 1.5)
        ring = metal(decay_s * 0.8, low_hz=low_hz, tune=1.23, attack_s=0.002)
        return mix((1 - shimmer) * wash, 0.5 * strength * hiss, shimmer * ring)

    return make


def _tom(step: float) -> Maker:
    def make(kit: Kit, strength: float, rng: np.random.Generator) -> Signal:
        hz = kit.tom_hz * 2 ** (step / 12)
        body = falling_sine(hz, 0.16, bend=0.7 * (0.5 + strength), bend_s=0.04, drive=0.8)
        return mix(body, 0.25 * strength * click(rng, high_hz=3500))

    return make


def _skin(hz: float, decay_s: float, slap: float) -> Maker:
    """Bongos, congas, timbales, taiko-like skins."""

    def make(kit: Kit, strength: float, rng: np.random.Generator) -> Signal:
        body = falling_sine(hz, decay_s, bend=0.25, bend_s=0.02)
        overtone = falling_sine(1.59 * hz, decay_s * 0.5)  # a membrane's second mode
        slapped = noise_hit(rng, 0.012, low_hz=1200, high_hz=6000)
        return mix(0.8 * body, 0.3 * overtone, np.float32(slap * strength) * slapped)

    return make


def _bars(hz: tuple[float, ...], decay_s: float) -> Maker:
    """Cowbell, agogo, wood blocks, claves, triangle: a few sines, hit."""

    def make(kit: Kit, strength: float, rng: np.random.Generator) -> Signal:
        tones = [falling_sine(f, decay_s / (1 + 0.3 * i)) for i, f in enumerate(hz)]
        knock = np.float32(0.3 * strength) * noise_hit(rng, 0.003, low_hz=1500)
        return mix(*(np.float32(0.9 / len(hz)) * tone for tone in tones), knock)

    return make


def _shaken(decay_s: float, attack_s: float, low_hz: float, bells: float = 0.0) -> Maker:
    """Shaker, cabasa, maracas, tambourine."""

    def make(kit: Kit, strength: float, rng: np.random.Generator) -> Signal:
        grains = noise_hit(rng, decay_s, low_hz=low_hz - 800 * strength, attack_s=attack_s)
        if not bells:
            return grains
        return mix((1 - bells) * grains, bells * metal(decay_s, low_hz=low_hz, tune=1.9))

    return make


def _scraped(strokes: int, gap_s: float) -> Maker:
    def make(kit: Kit, strength: float, rng: np.random.Generator) -> Signal:
        return scrape(rng, strokes=strokes, gap_s=gap_s, low_hz=2500 - 800 * strength)

    return make


def _whistle(decay_s: float) -> Maker:
    def make(kit: Kit, strength: float, rng: np.random.Generator) -> Signal:
        breath = noise_hit(rng, decay_s, low_hz=1800, high_hz=5000, attack_s=0.01)
        return mix(0.6 * falling_sine(2350, decay_s, bend=-0.04), 0.3 * breath)

    return make


# General MIDI percussion key → (maker, place −1 left … 1 right, level)
PIECES: Final[dict[int, tuple[Maker, float, float]]] = {
    35: (_kick, 0.0, 1.0),
    36: (_kick, 0.0, 1.0),
    37: (_bars((480.0, 1720.0), 0.018), 0.1, 0.7),
    38: (_snare, 0.0, 0.8),
    39: (_clap, -0.1, 0.8),
    40: (_snare, 0.0, 0.85),
    41: (_tom(0), 0.5, 0.8),
    42: (_hat(lambda kit: kit.hat_decay_s), 0.25, 0.5),
    43: (_tom(3), 0.35, 0.8),
    44: (_hat(lambda kit: 0.7 * kit.hat_decay_s), 0.25, 0.4),
    45: (_tom(6), 0.15, 0.8),
    46: (_hat(lambda kit: kit.open_decay_s), 0.25, 0.5),
    47: (_tom(9), -0.1, 0.8),
    48: (_tom(12), -0.3, 0.8),
    49: (_cymbal(0.45, 3500, 0.35), -0.45, 0.7),
    50: (_tom(15), -0.45, 0.8),
    51: (_cymbal(0.3, 5000, 0.7), -0.35, 0.4),
    52: (_cymbal(0.3, 2500, 0.2), 0.5, 0.7),
    53: (_bars((1190.0, 2530.0, 4120.0), 0.25), -0.35, 0.5),
    54: (_shaken(0.05, 0.004, 6000, 0.5), 0.4, 0.5),
    55: (_cymbal(0.16, 4500, 0.3), 0.3, 0.6),
    56: (_bars((540.0, 800.0, 1620.0), 0.09), 0.3, 0.6),
    57: (_cymbal(0.5, 3000, 0.4), 0.45, 0.7),
    58: (_scraped(18, 0.022), 0.4, 0.5),
    59: (_cymbal(0.25, 5500, 0.6), 0.35, 0.4),
    60: (_skin(420, 0.06, 0.4), -0.3, 0.6),
    61: (_skin(300, 0.08, 0.3), -0.3, 0.6),
    62: (_skin(250, 0.04, 0.8), 0.3, 0.6),
    63: (_skin(240, 0.16, 0.4), 0.3, 0.6),
    64: (_skin(175, 0.18, 0.3), 0.3, 0.6),
    65: (_skin(520, 0.14, 0.6), -0.4, 0.6),
    66: (_skin(370, 0.16, 0.6), -0.4, 0.6),
    67: (_bars((1320.0, 2100.0), 0.14), 0.45, 0.5),
    68: (_bars((910.0, 1470.0), 0.16), 0.45, 0.5),
    69: (_shaken(0.035, 0.012, 5000), -0.4, 0.5),
    70: (_shaken(0.025, 0.006, 6500), -0.45, 0.5),
    71: (_whistle(0.05), 0.2, 0.4),
    72: (_whistle(0.14), 0.2, 0.4),
    73: (_scraped(6, 0.018), 0.35, 0.5),
    74: (_scraped(16, 0.019), 0.35, 0.5),
    75: (_bars((2480.0,), 0.035), 0.35, 0.5),
    76: (_bars((1050.0, 2480.0), 0.03), 0.4, 0.5),
    77: (_bars((760.0, 1810.0), 0.035), 0.4, 0.5),
    78: (_skin(560, 0.05, 0.2), -0.3, 0.5),
    79: (_skin(380, 0.12, 0.2), -0.3, 0.5),
    80: (_bars((5130.0, 7710.0), 0.04), 0.5, 0.4),
    81: (_bars((5130.0, 7710.0, 9220.0), 0.5), 0.5, 0.4),
}


def _flavoured(kit: Kit, flavour: int) -> Kit:
    """The same machine with its knobs elsewhere; flavour 0 is as in the table."""
    rng = np.random.default_rng(flavour)
    turn = 2 ** rng.uniform(-0.3, 0.3, 6) if flavour else np.ones(6)
    return replace(
        kit,
        kick_hz=kit.kick_hz * float(turn[0]) ** 0.5,
        kick_decay_s=kit.kick_decay_s * float(turn[1]),
        snare_hz=kit.snare_hz * float(turn[2]),
        snare_decay_s=kit.snare_decay_s * float(turn[3]),
        hat_decay_s=kit.hat_decay_s * float(turn[4]),
        open_decay_s=kit.open_decay_s * float(turn[5]),
    )


def stroke(name: str, key: int, layer: int, flavour: int) -> Signal:
    """(2, samples) one hit: layer 0 soft … 3 hard. Keys outside the table strike a neighbour."""
    kit = _flavoured(KITS[name], flavour)
    make, place, level = PIECES[min(max(key, 35), 81)]
    rng = np.random.default_rng([key, layer, flavour])
    sound = make(kit, (layer + 0.5) / _LAYERS, rng)
    if kit.top_hz < 8000:
        smooth = max(1, round(RATE_HZ / kit.top_hz / 2))
        box = np.full(smooth, 1 / smooth, np.float32)
        sound = np.asarray(np.convolve(sound, box), np.float32)
    if kit.bits:
        steps = np.float32(2 ** (kit.bits - 1))
        sound = np.asarray(np.round(sound * steps) / steps, np.float32)
    angle = np.pi / 4 * (1 + 0.6 * place)
    sides = np.array([[np.cos(angle)], [np.sin(angle)]], np.float32) * np.sqrt(2)
    return np.asarray(np.float32(level) * sides * sound, np.float32)


def kit_voice(name: str) -> Voice:
    """The voice that plays one of KITS by General MIDI percussion keys."""

    def play(phrase: Phrase) -> Signal:
        out = np.zeros((2, phrase.frames), np.float32)
        hats = [note.start for note in phrase.notes if note.pitch in (*CLOSED_HATS, OPEN_HAT)]
        for note in phrase.notes:
            layer = min(note.velocity * _LAYERS // 128, _LAYERS - 1)
            sound = phrase.cache.get(
                (name, note.pitch, layer, phrase.flavour),
                lambda note=note, layer=layer: stroke(name, note.pitch, layer, phrase.flavour),  # type: ignore[misc]
            )
            if note.pitch == OPEN_HAT:
                sound = choked(sound, hats, note.start)
            span = min(sound.shape[1], phrase.frames - note.start)
            level = np.float32(level_of(note.velocity))
            out[:, note.start : note.start + span] += level * sound[:, :span]
        return out

    return play


def choked(sound: Signal, hats: Sequence[int], start: int) -> Signal:
    """An open hat, struck at `start`, ends where the next hat is struck."""
    stop = next((hat for hat in hats if hat > start), None)
    fade = round(_CHOKE_S * RATE_HZ)
    if stop is None or stop - start + fade >= sound.shape[1]:
        return sound
    cut = sound[:, : stop - start + fade].copy()
    cut[:, -fade:] *= np.linspace(1, 0, fade, dtype=np.float32)
    return cut

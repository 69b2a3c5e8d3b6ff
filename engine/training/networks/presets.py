"""The U-Nets that Noisefall names: the paper's (Table 9), the starter's, and tiny ones for tests.

`paper-*` follow Table 9 to the letter and are mono, as the paper is. Counted from its text, with
text width 1024, two convolutions per block and one post-attention residual layer, against Table 2:

    waveform generator     630M  (paper 724M; 711M if self- and cross-attention each had a residual
                                  layer of their own, but then the spectrogram generator has 830M)
    waveform cascader      504M  (paper 487M)
    spectrogram generator  749M  (paper 745M)
    vocoder               32.9M  (paper 25.7M, less than its own table's block convolutions, 28.8M)
    super-resolution      84.3M  (paper 81M)

`starter-*` are stereo, patched and sized by what two CPU cores render in a few seconds: widths are
multiples of 16 (MLAS's blocked layout on AVX-512), attention only where 30 s are ≤ 750 positions,
and about 56 MB of float16 weights for the spectrogram route on frames. `tiny-*` have every entry of
their starter and a few thousand parameters, besides a mel's axes and the maps from notes.
"""

from typing import Final

import msgspec

from engine.music.roll import PLAYER_NAMES
from engine.training.networks.config import UNetConfig
from engine.training.networks.notes import NOTES

_PAPER_TEXT: Final = 1024
_STARTER_TEXT: Final = 256
_TINY_TEXT: Final = 16
_SIGNALS: Final = 28  # phases of beat, bar and phrase, position, chroma, with their presence
_GLOBALS: Final = 30  # tempo, key, duration, each with its presence, and loop
_PLAYERS: Final = len(PLAYER_NAMES)  # behind whether they are known
_STEREO: Final = 2
_MEL: Final = 160  # 80 bands of level, 80 of left − right difference

_PAPER: Final = (
    UNetConfig(
        name="paper-waveform-generator",
        channels=1,
        base=256,
        kernel=7,
        strides=(4, 4, 4, 4, 4, 4),
        multipliers=(1, 1, 2, 3, 4, 4),
        blocks=(3, 3, 3, 4, 4, 4),
        self_attention=(False, False, False, True, True, True),
        cross_attention=(False, False, False, True, True, True),
        text_width=_PAPER_TEXT,
    ),
    UNetConfig(
        name="paper-waveform-cascader",
        channels=1,
        base=256,
        kernel=7,
        strides=(4, 4, 4, 4, 4),
        multipliers=(1, 1, 2, 3, 4),
        blocks=(3, 3, 4, 6, 6),
        cross_attention=(False, False, False, True, True),
        text_width=_PAPER_TEXT,
        low=True,
        augmentation=True,
    ),
    UNetConfig(
        name="paper-spectrogram-generator",
        channels=80,
        base=256,
        kernel=9,
        strides=(4, 3, 2, 2, 2),
        multipliers=(1, 2, 2, 3, 4),
        blocks=(6, 6, 6, 6, 6),
        self_attention=(False, False, False, True, True),
        cross_attention=(False, False, False, True, True),
        text_width=_PAPER_TEXT,
    ),
    UNetConfig(
        name="paper-vocoder",
        channels=1,
        base=128,
        kernel=5,
        strides=(2, 4, 4, 5),
        multipliers=(1, 1, 2, 4),
        blocks=(4, 4, 4, 4),
        aligned_channels=80,
        aligned_hop=160,
        augmentation=True,
    ),
    UNetConfig(
        name="paper-super-resolution",
        channels=1,
        base=256,
        kernel=7,
        strides=(4, 4, 4, 4),
        multipliers=(1, 1, 2, 2),
        blocks=(4, 4, 4, 4),
        low=True,
        augmentation=True,
    ),
)

_STARTER: Final = (
    UNetConfig(
        name="starter-generator",  # mel at 100 Hz: 768, 384 and 192 positions for 30.72 s
        channels=_MEL,
        base=256,
        kernel=3,
        patch=4,
        strides=(1, 2, 2),
        multipliers=(1, 1, 1.5),
        blocks=(2, 2, 2),
        self_attention=(False, False, True),
        cross_attention=(False, False, True),
        signals=_SIGNALS + NOTES,
        globals=_GLOBALS + 1 + _PLAYERS,
        text_width=_STARTER_TEXT,
        text_mean=True,
        axes=320,
        notes=NOTES,
        players=_PLAYERS,
    ),
    UNetConfig(
        name="starter-vocoder",  # 16 kHz: levels at 400 and 100 Hz, the mel at the bottom
        channels=_STEREO,
        base=64,
        kernel=5,
        patch=20,
        strides=(2, 4),
        multipliers=(2, 4),
        blocks=(2, 3),
        aligned_channels=_MEL,
        aligned_hop=160,
        augmentation=True,
    ),
    UNetConfig(
        name="starter-frame-vocoder",  # mel at 100 Hz: levels at 100 and 25 Hz
        channels=_MEL,
        base=320,
        kernel=3,
        strides=(1, 4),
        multipliers=(1, 1),
        blocks=(3, 1),
        augmentation=True,
        embedding=64,
        outputs=3 * 390,  # left, right and side in engine.audio.bands.frame_windows
    ),
    UNetConfig(
        name="starter-high-band",  # frames of 24 kHz audio at 100 Hz: levels at 100 and 25 Hz
        channels=2 * 117,
        base=192,
        kernel=3,
        strides=(1, 4),
        multipliers=(1, 1),
        blocks=(3, 1),
        augmentation=True,
        embedding=64,
        outputs=2 * 97,  # engine.audio.high_band
    ),
    UNetConfig(
        name="starter-super-resolution",  # 24 kHz: levels at 500 and 125 Hz
        channels=_STEREO,
        base=96,
        kernel=5,
        patch=24,
        strides=(2, 4),
        multipliers=(1, 2),
        blocks=(1, 2),
        low=True,
        augmentation=True,
    ),
    UNetConfig(
        name="starter-waveform-generator",  # 3.2 kHz: 3000, 1500 and 750 positions for 30 s
        channels=_STEREO,
        base=128,
        kernel=5,
        patch=32,
        strides=(1, 2, 2),
        multipliers=(1, 1.5, 2),
        blocks=(2, 2, 2),
        self_attention=(False, False, True),
        cross_attention=(False, False, True),
        signals=_SIGNALS,
        globals=_GLOBALS,
        text_width=_STARTER_TEXT,
    ),
    UNetConfig(
        name="starter-cascader",  # 16 kHz: levels at 400 and 100 Hz
        channels=_STEREO,
        base=96,
        kernel=5,
        patch=20,
        strides=(2, 4),
        multipliers=(1, 2),
        blocks=(2, 2),
        cross_attention=(False, True),
        text_width=_STARTER_TEXT,
        low=True,
        augmentation=True,
    ),
)


def _tiny(starter: UNetConfig, **changes: object) -> UNetConfig:
    """A starter's little sister: the same entries and total stride, hardly any width."""
    common = {
        "name": starter.name.replace("starter", "tiny"),
        "base": 8,
        "kernel": 3,
        "multipliers": (1,) * starter.depth,
        "blocks": (1,) * starter.depth,
        "heads": 2,
        "axes": starter.axes // 2,
        "embedding": 0,
        "text_width": _TINY_TEXT if starter.text_width else 0,
    }
    return msgspec.structs.replace(starter, **(common | changes))


_TINY: Final = tuple(_tiny(starter) for starter in _STARTER)

PRESETS: Final[dict[str, UNetConfig]] = {
    config.name: config for config in (*_PAPER, *_STARTER, *_TINY)
}

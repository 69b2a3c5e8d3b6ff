"""The recipe: everything that determines a sound, immutable and stored with every clip.

Same recipe and same bundle give the same audio. Takes differ by their number alone: take k draws
its noise from (seed, k), whatever the number of takes rendered beside it, so a clip's recipe
(`takes=1, first_take=k`) repeats exactly that take.

Rejected: a free dictionary (an unknown or misspelt field would be a silent change of sound), and
validation inside `__post_init__` (it would turn a UserError into a decoder's error).
"""

import re
from math import ceil
from typing import Final, Literal

import msgspec

from engine.errors import UserError
from engine.music.keys import canonical_key
from engine.music.meter import METER_TABLE, seconds_per_bar
from engine.music.progression import needs_key, read_bars, written

SCHEMA: Final = 1

PROMPT_LIMIT_CHARS: Final = 2000
BPM_RANGE: Final = (30.0, 300.0)
BARS_RANGE: Final = (1, 128)
SECONDS_RANGE: Final = (0.5, 30.0)
TAKES_RANGE: Final = (1, 4)
SEED_RANGE: Final = (0, 2**32 - 1)
STEPS_RANGE: Final = (1, 4000)
METERS: Final = tuple(METER_TABLE)
PRESETS: Final = ("draft", "standard", "paper")
SAMPLERS: Final = ("ancestral", "ddim", "dpmpp-2m", "dpmpp-2m-sde")
STEP_SCHEDULES: Final = (
    "front-heavy", "uniform", "back-heavy", "back-heavy-eval", "log-snr", "log-snr-truncated",
)  # fmt: skip
NO_CHORDS: Final = "none"
NO_NOTES: Final = "none"
NOTES: Final = ("composed", NO_NOTES)
DEFAULT_BPM: Final = 120.0
DEFAULT_SECONDS: Final = 10.0
STAGES: Final = ("generator", "vocoder", "cascader", "super_resolution")

SamplerName = Literal["ancestral", "ddim", "dpmpp-2m", "dpmpp-2m-sde"]
StepScheduleName = Literal[
    "front-heavy", "uniform", "back-heavy", "back-heavy-eval", "log-snr", "log-snr-truncated"
]
NotesName = Literal["composed", "none"]
PresetName = Literal["draft", "standard", "paper"]


class StageSettings(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True
):
    """One stage's own knobs; None leaves the preset's value.

    Attributes:
        steps: denoising steps, 1–4000.
        sampler: how x is carried from one noise level to the next.
        step_schedule: how the steps are spread over t (Table 8, or equal log-SNR steps, to
            the end or to where little is left to decide).
        gamma: eq. 4's interpolation between posterior (0) and forward (1) variance.
        temperature: size of the noise that the ancestral samplers put back, 0–1; the paper's is 1.
            Below it they keep nearer to what is likeliest.
        guidance: classifier-free guidance weight w; 1 is off.
        guidance_from, guidance_until: the share of the steps after which guidance begins, and after
            which it ends, 0–1. Without it at first, takes differ more; without it at last, they are
            made sooner (Kynkäänniemi et al. 2024, https://arxiv.org/abs/2404.07724).
        autoguidance: how far x̂₀ goes beyond what a linear filter would say, 0–5; 1 is off. More
            has more contrast; only for stages that have such a filter.
        clip_percentile: dynamic clipping's percentile of |x̂₀|, in (0, 100]; 0 is off.
    """

    steps: int | None = None
    sampler: SamplerName | None = None
    step_schedule: StepScheduleName | None = None
    gamma: float | None = None
    temperature: float | None = None
    guidance: float | None = None
    guidance_from: float | None = None
    guidance_until: float | None = None
    autoguidance: float | None = None
    clip_percentile: float | None = None


class Recipe(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True
):
    """What was asked for. Build one, then pass it through `checked`.

    Attributes:
        prompt: the free text, 1–2000 characters.
        negative_prompt: what to steer away from; empty is none.
        bpm: quarter notes per minute, as DAWs count (in 6/8 too), 30–300; None is free tempo.
        key: canonical key name ("Am", "F#"); None is any.
        chords: bars of chord names, or of numerals where there is a key, again and again
            (engine.music.progression); empty lets the bundle choose, "none" is none.
        notes: "composed" writes a score for each take, "none" leaves the notes to the network.
        meter: time signature.
        bars: length in bars of `meter` at `bpm`; exclusive with `seconds`.
        seconds: length in seconds, 0.5–30.
        loop: the end joins the start; needs bars.
        seed: 0–4294967295.
        takes: how many takes, 1–4.
        first_take: number of the first take; takes are first_take … first_take + takes − 1.
        preset: the bundle's step counts, schedules, γ and guidance.
        generator, vocoder, cascader, super_resolution: overrides of the preset.
        loudness_lufs: integrated loudness of the finished clip; None leaves the level alone.
        ceiling_dbtp: true-peak ceiling of the finished clip; None is no ceiling.
        bundle: SHA-256 of the bundle's manifest; empty until rendered.
        composer: version of the composer that wrote the notes; 0 until rendered, or without notes.
        schema: version of this structure.
    """

    prompt: str
    negative_prompt: str = ""
    bpm: float | None = None
    key: str | None = None
    chords: str = ""
    notes: NotesName = "composed"
    meter: str = "4/4"
    bars: int | None = None
    seconds: float | None = None
    loop: bool = False
    seed: int = 0
    takes: int = 1
    first_take: int = 1
    preset: PresetName = "standard"
    generator: StageSettings = StageSettings()
    vocoder: StageSettings = StageSettings()
    cascader: StageSettings = StageSettings()
    super_resolution: StageSettings = StageSettings()
    loudness_lufs: float | None = -16.0
    ceiling_dbtp: float | None = -1.0
    bundle: str = ""
    composer: int = 0
    schema: int = SCHEMA


def duration_s(recipe: Recipe) -> float:
    """Asked length in seconds, from bars and tempo or from seconds."""
    if recipe.bars is not None:
        return recipe.bars * seconds_per_bar(recipe.bpm or DEFAULT_BPM, recipe.meter)
    return recipe.seconds if recipe.seconds is not None else DEFAULT_SECONDS


def sample_count(recipe: Recipe, rate_hz: int) -> int:
    """Exact length in samples at `rate_hz`: round(bars · beats · 60/BPM · rate)."""
    return round(duration_s(recipe) * rate_hz)


def has_chords(chords: str) -> bool:
    """Whether a recipe's `chords` are any: neither left to the bundle, nor none."""
    return chords not in ("", NO_CHORDS)


def checked(recipe: Recipe) -> Recipe:
    """The recipe, or the first thing wrong with it.

    The key and the chords come back in canonical spelling, and bars without a tempo at 120 BPM.

    Raises:
        UserError: a field is out of range or two fields contradict each other.
    """
    for check in (_check_text, _check_ranges, _check_length, _check_stages):
        check(recipe)
    bpm = DEFAULT_BPM if recipe.bpm is None and recipe.bars is not None else recipe.bpm
    try:
        key = None if recipe.key is None else canonical_key(recipe.key)
    except ValueError:
        raise _refused(
            "key", recipe.key, "as one of the 24 keys, such as C, F#, Bbm or A minor"
        ) from None
    return msgspec.structs.replace(recipe, bpm=bpm, key=key, chords=_chords(recipe))


def to_json(recipe: Recipe) -> bytes:
    """The recipe as compact JSON (fields at their default left out)."""
    return msgspec.json.encode(recipe)


def from_json(data: bytes | str) -> Recipe:
    """Read and check a recipe.

    Raises:
        UserError: not JSON, an unknown or ill-typed field, another schema, or a value out of range.
    """
    try:
        recipe = msgspec.json.decode(data, type=Recipe)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise UserError(
            "The recipe was not read", str(error), "Use a recipe that Noisefall wrote"
        ) from None
    return checked(recipe)


def _refused(field: str, value: object, allowed: str) -> UserError:
    shown = repr(value) if len(repr(value)) <= 60 else f"{len(str(value))} characters"
    return UserError("The recipe was refused", f"{field} is {shown}", f"Give {field} {allowed}")


def _check_text(recipe: Recipe) -> None:
    if recipe.schema != SCHEMA:
        raise UserError(
            "The recipe was refused",
            f"it has schema {recipe.schema}, and this version reads schema {SCHEMA}",
            "Update Noisefall to repeat it",
        )
    for field in ("prompt", "negative_prompt"):
        text: str = getattr(recipe, field)
        if len(text) > PROMPT_LIMIT_CHARS:
            raise _refused(
                field.replace("_", " "), text, f"at most {PROMPT_LIMIT_CHARS} characters"
            )
    if not recipe.prompt.strip():
        raise _refused("prompt", recipe.prompt, 'a few words, such as "slow lo-fi guitar ballad"')
    if recipe.bundle and not re.fullmatch(r"[0-9a-f]{64}", recipe.bundle):
        raise _refused("bundle", recipe.bundle, "the SHA-256 of a manifest, 64 hexadecimal digits")
    if recipe.composer < 0:
        raise _refused("composer", recipe.composer, "a version, 0 or more")


def _chords(recipe: Recipe) -> str:
    """The chords in the short form. Raises UserError."""
    text = recipe.chords.strip()
    if not has_chords(text.casefold()):
        return text.casefold()
    try:
        bars = read_bars(text)
        keyless = recipe.key is None and needs_key(text)
    except ValueError as error:
        raise UserError(
            "The chords were not read", str(error), "Give a bar each, such as Am F C G"
        ) from None
    if keyless:
        raise UserError(
            "The chords were not read",
            "numerals such as bVI are chords in a key, and there is no key",
            "Set the key, or write names such as Am F C G",
        )
    return written(bars)


def _check_ranges(recipe: Recipe) -> None:
    ranges: tuple[tuple[str, float | None, tuple[float, float]], ...] = (
        ("bpm", recipe.bpm, BPM_RANGE),
        ("bars", recipe.bars, BARS_RANGE),
        ("seconds", recipe.seconds, SECONDS_RANGE),
        ("seed", recipe.seed, SEED_RANGE),
        ("takes", recipe.takes, TAKES_RANGE),
        ("first take", recipe.first_take, (1, 10_000)),
        ("loudness", recipe.loudness_lufs, (-40.0, -6.0)),
        ("ceiling", recipe.ceiling_dbtp, (-20.0, 0.0)),
    )
    for field, value, (low, high) in ranges:
        if value is not None and not low <= value <= high:
            raise _refused(
                field,
                value,
                f"between {low:g} and {high:g}" if high < 1e6 else f"between {low} and {high}",
            )
    if recipe.meter not in METERS:
        raise _refused("meter", recipe.meter, f"as one of {', '.join(METERS)}")


def _check_length(recipe: Recipe) -> None:
    if recipe.bars is not None and recipe.seconds is not None:
        raise UserError(
            "The recipe was refused", "it has both bars and seconds", "Give one of them"
        )
    if recipe.loop and recipe.bars is None:
        raise UserError(
            "The recipe was refused", "a loop needs a whole number of bars", "Give bars, such as 4"
        )
    length_s = duration_s(recipe)
    if not SECONDS_RANGE[0] <= length_s <= SECONDS_RANGE[1]:
        bar_s = seconds_per_bar(recipe.bpm or DEFAULT_BPM, recipe.meter)
        fewest, most = ceil(SECONDS_RANGE[0] / bar_s), int(SECONDS_RANGE[1] / bar_s)
        raise UserError(
            "The recipe was refused",
            f"{recipe.bars} bars at {recipe.bpm or DEFAULT_BPM:g} BPM last {length_s:.2f} s, "
            f"and a clip lasts {SECONDS_RANGE[0]:g} to {SECONDS_RANGE[1]:g} s",
            f"At this tempo give {fewest} to {most} bars",
        )


def _check_stages(recipe: Recipe) -> None:
    for stage in STAGES:
        settings: StageSettings = getattr(recipe, stage)
        ranges: tuple[tuple[str, float | None, tuple[float, float]], ...] = (
            ("steps", settings.steps, STEPS_RANGE),
            ("gamma", settings.gamma, (0.0, 1.0)),
            ("temperature", settings.temperature, (0.0, 1.0)),
            ("guidance", settings.guidance, (0.0, 30.0)),
            ("guidance_from", settings.guidance_from, (0.0, 1.0)),
            ("guidance_until", settings.guidance_until, (0.0, 1.0)),
            ("autoguidance", settings.autoguidance, (0.0, 5.0)),
            ("clip_percentile", settings.clip_percentile, (0.0, 100.0)),
        )
        for field, value, (low, high) in ranges:
            if value is not None and not low <= value <= high:
                raise _refused(f"{stage} {field}", value, f"between {low:g} and {high:g}")

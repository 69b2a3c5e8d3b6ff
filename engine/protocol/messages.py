"""Every message that crosses the process boundary, as a table of tagged structs.

Requests go to the engine's standard input, events come back on its standard output, framed by
`engine.protocol.framing`. Audio, mels and files travel in the frame's blob, never in the header.

Rejected: file paths in requests (an engine behind ssh has other folders): a finished clip comes
back as the WAV file's bytes and the caller writes it.
"""

from typing import Final, Literal

import msgspec

from engine.music.instruments import Players
from engine.recipe import Recipe, StageSettings

VERSION: Final = 1
MIDI_LIMIT_BYTES: Final = 1 << 20  # a take's notes are some kilobytes


class _Message(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag=True):
    """Base of all messages: immutable, tagged by class name, unknown fields refused."""


# ── requests ──────────────────────────────────────────────────────────────────────────────


class Hello(_Message, frozen=True, kw_only=True):
    """First message. The engine answers Ready, or Failed and exit when the versions differ."""

    version: int
    app_version: str


class Devices(_Message, frozen=True, kw_only=True):
    """Ask for DevicesReport."""


class LoadBundle(_Message, frozen=True, kw_only=True):
    """Open a bundle by installed name or path ("" = the default): BundleLoaded or Failed."""

    bundle: str = ""


class Render(_Message, frozen=True, kw_only=True):
    """Render the takes of a recipe: Progress, Preview and Take events, then Done."""

    job: int
    recipe: Recipe


class Keep(_Message, frozen=True, kw_only=True):
    """Finish a take to the 24 kHz master: Progress events, a Clip, then Done.

    Blob: the take's audio as the Take event carried it, without the notes. The engine keeps
    nothing between jobs, so a take can be kept after a restart of the engine.
    """

    job: int
    recipe: Recipe
    take: int


class HandOff(_Message, frozen=True, kw_only=True):
    """Convert a finished clip for a DAW, or cut a part of it: HandedOff, then Done.

    Blob: the clip's WAV file, whose recipe it carries.

    Attributes:
        rate_hz: 24000, 44100 or 48000.
        bits: "16", "24" or "float".
        region_s: (start, end) in seconds of the part to cut; None is all of it.
    """

    job: int
    rate_hz: int
    bits: Literal["16", "24", "float"]
    region_s: tuple[float, float] | None = None


class Stages(_Message, frozen=True, kw_only=True):
    """Ask for StagesReport of the loaded bundle."""


class Bundles(_Message, frozen=True, kw_only=True):
    """Ask for BundlesReport."""


class InstallBundle(_Message, frozen=True, kw_only=True):
    """Install a bundle, every hash checked: BundlesReport or Failed.

    `path` is on the engine's machine: a bundle is too large for a frame.
    """

    path: str


class RemoveBundle(_Message, frozen=True, kw_only=True):
    """Remove an installed bundle by folder name, name or hash: BundlesReport or Failed."""

    bundle: str


class Understand(_Message, frozen=True, kw_only=True):
    """Ask what is understood of a prompt: Understood, or Failed without a job.

    It goes before waiting jobs and between the steps of a running one; a newer one takes the place
    of an older one that still waits, which is then never answered.

    Attributes:
        number: any, to know the answer by.
        bpm, key, meter, bars: the knobs as they stand, None where untouched.
    """

    number: int
    prompt: str
    bpm: float | None = None
    key: str | None = None
    meter: str | None = None
    bars: int | None = None


class Measure(_Message, frozen=True, kw_only=True):
    """Ask for Speed of the loaded bundle, for an estimate before the first render.

    It goes after everything else. A job that arrives meanwhile ends it within one call of a
    network, and it begins again when nothing waits. Where it fails, it is never answered.
    """


class Cancel(_Message, frozen=True, kw_only=True):
    """End one job, running or waiting; answers Cancelled. An unknown or ended job is ignored."""

    job: int


class Shutdown(_Message, frozen=True, kw_only=True):
    """End the engine. End of input does the same."""


# ── events ────────────────────────────────────────────────────────────────────────────────


class Ready(_Message, frozen=True, kw_only=True):
    """The engine's answer to Hello."""

    version: int
    engine_version: str
    pid: int


class DeviceInfo(_Message, frozen=True, kw_only=True):
    """One device: usable or not, and why."""

    name: str
    provider: str
    usable: bool
    used: bool
    reason: str
    memory_bytes: int | None = None


class DevicesReport(_Message, frozen=True, kw_only=True):
    """All devices, the one in use marked."""

    devices: tuple[DeviceInfo, ...]
    threads: int


class BundleLoaded(_Message, frozen=True, kw_only=True):
    """The bundle that Render will use."""

    name: str
    version: str
    sha256: str
    licence: str
    route: str


class Progress(_Message, frozen=True, kw_only=True):
    """One step of a stage is done.

    Attributes:
        stage: "text", "generator", "vocoder", "cascader", "super_resolution", "finish".
        step, steps: 1-based step just done, and how many there are.
        eta_s: estimated seconds until the job is done; None before anything was measured.
    """

    job: int
    stage: str
    step: int
    steps: int
    eta_s: float | None = None


class Preview(_Message, frozen=True, kw_only=True):
    """The denoised estimate of a mel, in [−1, 1].

    Blob: float16, C-order (takes, 2·n_mels, frames).
    """

    job: int
    first_take: int
    shape: tuple[int, int, int]
    step: int
    steps: int


class Measured(_Message, frozen=True, kw_only=True):
    """What was measured on the audio, beside what was asked.

    Attributes:
        bpm: quarter notes per minute nearest to the asked metre, None where nothing pulses.
        key: canonical key, None where nothing is tonal.
        loudness_lufs: integrated loudness; None for silence.
        true_peak_dbtp: true peak.
        seam: loops only: spectral jump across the seam ÷ the 95th percentile of the jumps inside
            (≤ 1 is no worse than inside the clip).
    """

    bpm: float | None = None
    key: str | None = None
    loudness_lufs: float | None = None
    true_peak_dbtp: float | None = None
    seam: float | None = None


class Take(_Message, frozen=True, kw_only=True):
    """A draft answer. Blob: float32 little-endian (samples, 2) at 16 kHz, interleaved; its notes.

    `recipe` repeats exactly this take. The notes are a Standard MIDI File of `midi_bytes`, behind
    the audio; none where nothing was composed (engine.protocol.parts takes the two apart). `name`
    is a suggested file name, as a Clip's.
    """

    job: int
    take: int
    rate_hz: int
    samples: int
    recipe: Recipe
    measured: Measured
    midi_bytes: int = 0
    name: str = ""


class Clip(_Message, frozen=True, kw_only=True):
    """A finished clip. Blob: the bytes of the WAV file; `name` is a suggested file name."""

    job: int
    take: int
    name: str
    rate_hz: int
    samples: int
    recipe: Recipe
    measured: Measured


class HandedOff(_Message, frozen=True, kw_only=True):
    """A clip in the format that was asked. Blob: the WAV file; `name` is a suggested file name."""

    job: int
    name: str
    rate_hz: int
    samples: int


class StageInfo(_Message, frozen=True, kw_only=True):
    """One stage of a bundle, for the knobs of a window.

    Attributes:
        name: as in `engine.recipe.STAGES`.
        form: "diffusion", or "frames": one call, no steps.
        presets: by name ("draft", "standard", "paper"), None for a knob that the stage has not.
        curves: step schedule → times from 1 (noise) to 0 (clean), at equally spaced steps.
    """

    name: str
    form: str
    presets: dict[str, StageSettings]
    curves: dict[str, tuple[float, ...]]


class StagesReport(_Message, frozen=True, kw_only=True):
    """The stages of the loaded bundle, in the order in which they run."""

    bundle: str
    stages: tuple[StageInfo, ...]


class BundleInfo(_Message, frozen=True, kw_only=True):
    """One installed bundle; `problem` says why it cannot be used, "" when it can."""

    folder: str
    name: str
    version: str
    sha256: str
    licence: str
    description: str
    problem: str = ""


class BundlesReport(_Message, frozen=True, kw_only=True):
    """Installed bundles, newest first, built-in ones last."""

    bundles: tuple[BundleInfo, ...]


class Meaning(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One thing understood: its name, the share of such guesses that are right, the words."""

    name: str
    confidence: float
    words: str


class Understood(_Message, frozen=True, kw_only=True):
    """The answer to Understand, the surest first.

    Attributes:
        available: false where the bundle cannot say; only words of tempo and key are read then.
        unknown_words: the prompt's own words that the text encoder has never met.
        players: how many it asks for; None where it leaves that open.
        bpm, key, meter, bars: what the prompt says in words, to fill the knobs with.
        conflicts: one line per knob that says something else than the prompt.
    """

    number: int
    available: bool
    genre: tuple[Meaning, ...] = ()
    instruments: tuple[Meaning, ...] = ()
    moods: tuple[Meaning, ...] = ()
    era: tuple[Meaning, ...] = ()
    unknown_words: tuple[str, ...] = ()
    players: Players | None = None
    bpm: float | None = None
    key: str | None = None
    meter: str | None = None
    bars: int | None = None
    conflicts: tuple[str, ...] = ()


class Speed(_Message, frozen=True, kw_only=True):
    """The answer to Measure.

    Attributes:
        bundle: what was measured.
        recipe: what was rendered and finished: short, one take.
        seconds: what each stage took, by its name in Progress.
    """

    bundle: str
    recipe: Recipe
    seconds: dict[str, float]


class Notice(_Message, frozen=True, kw_only=True):
    """Something worth one line that stops nothing (a fallback to the CPU, a smaller batch)."""

    job: int | None
    text: str


class Done(_Message, frozen=True, kw_only=True):
    """A job has ended well."""

    job: int
    seconds: float


class Cancelled(_Message, frozen=True, kw_only=True):
    """A job was cancelled."""

    job: int


class Failed(_Message, frozen=True, kw_only=True):
    """A request failed; the engine goes on. job is None when no job was concerned."""

    job: int | None
    what: str
    why: str
    remedy: str


# What takes its turn; the other requests are answered as they arrive.
Work = (
    Devices
    | LoadBundle
    | Render
    | Keep
    | HandOff
    | Stages
    | Bundles
    | InstallBundle
    | RemoveBundle
    | Understand
    | Measure
)
Request = Hello | Work | Cancel | Shutdown
Event = (
    Ready
    | DevicesReport
    | BundleLoaded
    | Progress
    | Preview
    | Take
    | Clip
    | HandedOff
    | StagesReport
    | BundlesReport
    | Understood
    | Speed
    | Notice
    | Done
    | Cancelled
    | Failed
)

"""What a manifest must satisfy beyond its types: sizes that fit together, names that exist.

A bundle is refused here, with its fault named, rather than failing in the middle of a render.
Rejected: defaults that repair a manifest (the bundle's hash would then not name what is run).
"""

import re
from collections.abc import Callable, Container, Iterator
from typing import Final

import msgspec

from engine.audio.high_band import FRAME_RATE_HZ as HIGH_BAND_FRAMES_HZ
from engine.audio.high_band import SEEN_BINS
from engine.bundle.manifest import ROUTE_STAGES, SCHEMA, Manifest, MelSpec, StageSpec
from engine.errors import UserError
from engine.music.signals import GLOBALS, SIGNALS

MANIFEST_NAME: Final = "manifest.json"
MANIFEST_LIMIT_BYTES: Final = 2**20
FILES_LIMIT: Final = 64
TOTAL_LIMIT_BYTES: Final = 16 * 2**30
MODEL_LIMIT_BYTES: Final = 2**31 - 1  # protobuf's own limit; larger models keep weights outside
CHANNELS_LIMIT: Final = 65_536
LENGTH_LIMIT: Final = 2**24  # 30 s at 48 kHz is 1.4M

# Names that Windows takes for devices, whatever the extension.
_RESERVED: Final = re.compile(r"(con|prn|aux|nul|com[0-9]|lpt[0-9])(\..*)?", re.IGNORECASE)
_VERSION: Final = re.compile(r"[0-9A-Za-z][0-9A-Za-z.+-]*")


class _SchemaOnly(msgspec.Struct):
    """The one field that every version of the manifest has."""

    schema: int


def refused(why: str, remedy: str = "Use a bundle that noisefall exported") -> UserError:
    """The error that every refused bundle raises."""
    return UserError("The bundle was refused", why, remedy)


def read_manifest(data: bytes) -> Manifest:
    """Decode and check a manifest.

    Raises:
        UserError: too large, not JSON, of another schema, an unknown or ill-typed field, or a
            value that contradicts another.
    """
    if len(data) > MANIFEST_LIMIT_BYTES:
        raise refused(f"{MANIFEST_NAME} is larger than {MANIFEST_LIMIT_BYTES >> 20} MiB")
    try:
        schema = msgspec.json.decode(data, type=_SchemaOnly).schema
        if schema != SCHEMA:
            raise refused(
                f"its manifest has schema {schema}, and this version reads schema {SCHEMA}",
                "Update Noisefall, or use a bundle made for this version",
            )
        manifest = msgspec.json.decode(data, type=Manifest)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise refused(f"{MANIFEST_NAME}: {error}") from None
    for fault in _faults(manifest):
        raise refused(f"{MANIFEST_NAME}: {fault}")
    return manifest


def plain_name_fault(name: str) -> str | None:
    """Why a name, legal by its characters, is no safe file name on every system; None if it is."""
    if _RESERVED.fullmatch(name):
        return f"{name} is a device's name on Windows"
    if name.endswith("."):
        return f"{name} ends in a full stop, which Windows drops"
    return None


def model_names(manifest: Manifest) -> tuple[str, ...]:
    """Every ONNX file that the manifest names, each once."""
    names: list[str | None] = [manifest.text.model, manifest.text.model_fp16]
    for stage in manifest.stages.values():
        names += [stage.model, stage.model_fp16]
    return tuple(dict.fromkeys(name for name in names if name is not None))


def _faults(manifest: Manifest) -> Iterator[str]:
    yield from _file_faults(manifest)
    expected = ROUTE_STAGES[manifest.route]
    if set(manifest.stages) != set(expected):
        yield f"the {manifest.route} route has the stages {', '.join(expected)}"
        return
    for name, stage in manifest.stages.items():
        yield from (f"{name}: {text(stage)}" for broken, text in _STAGE_RULES if broken(stage))
    yield from _route_faults(manifest)


def _file_faults(manifest: Manifest) -> Iterator[str]:
    files = manifest.files
    if not _VERSION.fullmatch(manifest.version):
        yield f"version {manifest.version!r} has more than letters, digits, '.', '+' and '-'"
    if len(files) > FILES_LIMIT:
        yield f"it lists {len(files)} files, and {FILES_LIMIT} are allowed"
    if sum(entry.size_bytes for entry in files.values()) > TOTAL_LIMIT_BYTES:
        yield f"its files are larger than {TOTAL_LIMIT_BYTES >> 30} GiB together"
    folded = {name.casefold() for name in files}
    if len(folded) < len(files):
        yield "two files differ in upper and lower case only"
    if MANIFEST_NAME in folded:
        yield f"{MANIFEST_NAME} lists itself"
    yield from (fault for name in files if (fault := plain_name_fault(name)))
    for name in model_names(manifest):
        if name not in files:
            yield f"{name} is not among its files"
        elif not name.endswith(".onnx"):
            yield f"{name} is no .onnx file"
        elif files[name].size_bytes > MODEL_LIMIT_BYTES:
            yield f"{name} is larger than 2 GiB; its weights belong in a file beside it"
    for listed in (manifest.text.tokenizer, manifest.text.understanding, manifest.harmony):
        if listed is not None and listed not in files:
            yield f"{listed} is not among its files"
    if manifest.text.max_tokens > 4096 or manifest.text.width > CHANNELS_LIMIT:
        yield "the text encoder is wider or longer than any known"


def _unknown(names: tuple[str, ...], known: Container[str]) -> str:
    return ", ".join(name for name in names if name not in known)


_Rule = tuple[Callable[[StageSpec], bool], Callable[[StageSpec], str]]
_STAGE_RULES: Final[tuple[_Rule, ...]] = (
    (
        lambda s: bool(_unknown(s.signals, SIGNALS)),
        lambda s: f"this version knows no signal {_unknown(s.signals, SIGNALS)}",
    ),
    (
        lambda s: bool(_unknown(s.globals, GLOBALS)),
        lambda s: f"this version knows no global {_unknown(s.globals, GLOBALS)}",
    ),
    (
        lambda s: len({*s.signals}) < len(s.signals) or len({*s.globals}) < len(s.globals),
        lambda _: "a signal is listed twice",
    ),
    (
        lambda s: max(s.channels, s.aligned_channels) > CHANNELS_LIMIT,
        lambda _: f"more than {CHANNELS_LIMIT} channels",
    ),
    (
        lambda s: s.max_length > LENGTH_LIMIT,
        lambda s: f"max_length {s.max_length} is over {LENGTH_LIMIT}",
    ),
    (
        lambda s: s.max_length % s.multiple != 0,
        lambda s: f"max_length {s.max_length} is no multiple of {s.multiple}",
    ),
    (
        lambda s: (s.aligned_channels == 0) != (s.aligned_hop == 0),
        lambda _: "aligned_channels and aligned_hop go together",
    ),
    (
        lambda s: s.aligned_hop > 0 and s.multiple % s.aligned_hop != 0,
        lambda s: f"aligned_hop {s.aligned_hop} does not divide multiple {s.multiple}",
    ),
    (
        lambda s: s.augmentation and not s.low and s.aligned_hop == 0 and s.form != "frames",
        lambda _: "augmentation needs low or an aligned sequence",
    ),
    (
        lambda s: s.form == "frames" and s.prediction != "x0",
        lambda s: f"a stage on frames predicts x0, not {s.prediction}",
    ),
    (
        lambda s: s.context > 0 and 2 * s.context >= s.max_length,
        lambda s: f"context {s.context} leaves nothing of a chunk of {s.max_length}",
    ),
)


def _route_faults(manifest: Manifest) -> Iterator[str]:
    yield from _frame_faults(manifest)
    if manifest.route == "waveform":
        if manifest.mel is not None:
            yield "the waveform route has no mel"
        return
    mel = manifest.mel
    if mel is None:
        yield "the spectrogram route needs mel"
        return
    yield from _mel_faults(mel)
    generator = manifest.stages["generator"]
    if generator.channels != 2 * mel.n_mels:
        yield f"generator: {generator.channels} channels for a mel of 2 x {mel.n_mels}"
    if len(generator.grain) not in (0, generator.channels):
        yield f"generator: {len(generator.grain)} shares of grain for {generator.channels} channels"
    if generator.rate_hz * mel.hop_samples != mel.rate_hz:
        frames = f"{mel.rate_hz}/{mel.hop_samples}"
        yield f"generator: {generator.rate_hz} frames/s for a mel of {frames}"
    vocoder = manifest.stages["vocoder"]
    if vocoder.form == "diffusion" and vocoder.aligned_channels not in (0, 2 * mel.n_mels):
        yield f"vocoder: {vocoder.aligned_channels} aligned channels for a mel of 2 x {mel.n_mels}"


def _frame_faults(manifest: Manifest) -> Iterator[str]:
    """What is wrong with stages that work on frames."""
    generator = manifest.stages["generator"]
    mels = (generator.rate_hz, generator.channels)
    inputs = {"vocoder": mels, "super_resolution": (HIGH_BAND_FRAMES_HZ, 2 * SEEN_BINS)}
    for name, stage in manifest.stages.items():
        if stage.form != "frames":
            continue
        if name not in inputs:
            yield f"{name}: only a vocoder and a super-resolution work on frames"
        elif (stage.rate_hz, stage.channels) != inputs[name]:
            yield f"{name}: {stage.channels} channels at {stage.rate_hz} Hz are not its frames"
        if stage.text or stage.low or stage.signals or stage.globals or stage.aligned_channels:
            yield f"{name}: a stage on frames is given frames alone"


def _mel_faults(mel: MelSpec) -> Iterator[str]:
    if not 0 <= mel.fmin_hz < mel.fmax_hz <= mel.rate_hz / 2:
        yield f"mel: {mel.fmin_hz:g} to {mel.fmax_hz:g} Hz is no band of {mel.rate_hz} Hz audio"
    sizes = [n_fft for n_fft, _ in mel.windows]
    limits = [limit for _, limit in mel.windows]
    if max(sizes) > 65_536 or mel.hop_samples > min(sizes) or mel.n_mels > max(sizes) // 2:
        yield f"mel: {mel.n_mels} bands, hop {mel.hop_samples}, windows {sizes} do not fit"
    if any(size % 2 for size in sizes) or limits != sorted(limits):
        yield f"mel: windows {sizes} up to {limits} Hz are odd or out of order"
    if any(not mel.fmin_hz < limit < mel.fmax_hz for limit in limits[:-1]):
        yield f"mel: windows up to {limits} Hz leave a band without one"
    if not mel.level_floor_db < mel.level_ceil_db or not mel.difference_range_db > 0:
        yield "mel: an empty range of decibels"

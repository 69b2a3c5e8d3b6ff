"""Settings in one JSON file that a person can read, checked on the way in.

Rejected: QSettings (the Windows registry, untyped values, no atomic write). A damaged file is set
aside, never overwritten, and the defaults are used; a value out of range is its default.
"""

import json
import logging
from functools import partial
from pathlib import Path
from typing import Any, Final, Literal

from PySide6.QtCore import QObject, QTimer, Signal

from app.library.background import Background
from app.library.files import explained
from app.model.field import Field, clamped, fields_of, one_of, unchanged, whole
from app.model.places import clips_dir
from app.translate import translate
from engine.errors import UserError
from engine.files import replace_file

Theme = Literal["system", "dark", "light"]
Device = Literal["auto", "cpu", "cuda", "coreml"]
Bits = Literal["16", "24", "float"]

HANDOFF_RATES_HZ: Final = (24_000, 44_100, 48_000)
HANDOFF_BITS: Final = ("16", "24", "float")
THEMES: Final = ("system", "dark", "light")
DEVICES: Final = ("auto", "cpu", "cuda", "coreml")
SAVE_AFTER_MS: Final = 300
FILE_LIMIT_BYTES: Final = 4 << 20

_log = logging.getLogger(__name__)


def _maybe(low: float, high: float) -> Any:
    clean = clamped(low, high)
    return lambda value: None if value is None else clean(value)


class SettingsModel(QObject):
    """Everything that stays from one start to the next, apart from the clips.

    Attributes:
        clips_folder: where new clips are written; "" is the system's music folder.
        theme: "system" follows the desktop.
        handoff_rate_hz, handoff_bits: format of the file that a DAW gets; 24 kHz and 24 bits are
            the master itself.
        loudness_lufs, ceiling_dbtp: of finished clips; None is off.
        device, threads: what computes; 0 threads measures what is best.
        bundle: installed name or path; "" is the default.
        engine_command: another engine, such as "ssh host noisefall-engine serve"; "" is ours.
        finish_in_background: takes are finished to 24 kHz while the engine is idle.
        bin_days: deleted clips leave the bin after so many days.
        output_device, volume, level_match, loop_playback: of `app.playback.player.Player`.
        midi_inputs, midi_bindings: of `app.midi.midi.Midi` (`chosen`, `bindings_data()`).
        follow_clock, follow_transport: whether the DAW's clock turns the tempo and its transport
            starts and stops ours.
        prompts: the prompt history, newest last.
        window: the window's geometry and state, as the view likes.
    """

    changed = Signal(str)
    save_failed = Signal(object)  # UserError
    saved = Signal()

    clips_folder: Field[str] = Field("", unchanged)
    theme: Field[Theme] = Field("system", one_of("system", "dark", "light"))
    handoff_rate_hz: Field[int] = Field(24_000, one_of(*HANDOFF_RATES_HZ))
    handoff_bits: Field[Bits] = Field("24", one_of("16", "24", "float"))
    loudness_lufs: Field[float | None] = Field(-16.0, _maybe(-40, -6))
    ceiling_dbtp: Field[float | None] = Field(-1.0, _maybe(-20, 0))
    device: Field[Device] = Field("auto", one_of("auto", "cpu", "cuda", "coreml"))
    threads: Field[int] = Field(0, whole(0, 256))
    bundle: Field[str] = Field("", unchanged)
    engine_command: Field[str] = Field("", unchanged)
    finish_in_background: Field[bool] = Field(default=True)
    bin_days: Field[int] = Field(30, whole(1, 3650))
    output_device: Field[str] = Field("", unchanged)
    volume: Field[float] = Field(1.0, clamped(0, 1))
    level_match: Field[bool] = Field(default=True)
    loop_playback: Field[bool] = Field(default=False)
    midi_inputs: Field[list[str]] = Field([], list)
    follow_clock: Field[bool] = Field(default=False)
    follow_transport: Field[bool] = Field(default=False)
    midi_bindings: Field[dict[str, Any]] = Field({}, dict)
    prompts: Field[list[str]] = Field([], list)
    window: Field[dict[str, Any]] = Field({}, dict)

    def __init__(
        self,
        path: Path | None = None,
        parent: QObject | None = None,
        *,
        files: Background | None = None,
    ) -> None:
        """Without a path nothing is read or written, for tests; without `files`, at once."""
        super().__init__(parent)
        self._path = path
        self._files = files
        self._later = QTimer(self, singleShot=True, interval=SAVE_AFTER_MS)
        self._later.timeout.connect(self.save)
        if path is not None:
            self._load(path)
        self.changed.connect(lambda _: self._later.start())

    @property
    def folder(self) -> Path:
        """Where new clips are written."""
        return Path(self.clips_folder) if self.clips_folder else clips_dir()

    def reset(self, field: str) -> None:
        """One setting back to its default."""
        setattr(self, field, next(f.default for f in fields_of(SettingsModel) if f.name == field))

    def save(self) -> None:
        """Write the file; `saved` or `save_failed` follows."""
        self._later.stop()
        if self._path is None:
            return
        values = {f.name: getattr(self, f.name) for f in fields_of(SettingsModel)}
        data = json.dumps(values, indent=1, ensure_ascii=False).encode()
        work = partial(_write, self._path, data)
        if self._files is not None:
            self._files.do(work, lambda _: self.saved.emit(), self.save_failed.emit)
            return
        try:
            work()
        except UserError as error:
            self.save_failed.emit(error)
        else:
            self.saved.emit()

    def _load(self, path: Path) -> None:
        try:
            if path.stat().st_size > FILE_LIMIT_BYTES:
                raise ValueError(f"{path} is too large")
            values = json.loads(path.read_bytes())
            if not isinstance(values, dict):
                raise TypeError("no object")
        except FileNotFoundError:
            return
        except (OSError, ValueError, TypeError, RecursionError) as error:
            _log.warning("settings set aside: %s", error)
            _set_aside(path)
            return
        for field in fields_of(SettingsModel):
            if field.name in values:
                self._take(field, values[field.name])

    def _take(self, field: Field[Any], value: object) -> None:
        try:
            if not _same_kind(field.default, value):
                raise TypeError(type(value).__name__)
            setattr(self, field.name, value)
        except (TypeError, ValueError) as error:
            _log.warning("setting %s has its default: %s", field.name, error)


def _write(path: Path, data: bytes) -> None:
    """A disk may take its time over it. Raises UserError."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        replace_file(path, data)
    except OSError as error:
        what = translate("trouble", "The settings were not saved")
        remedy = translate("trouble", "Check the folder {0}").format(path.parent)
        raise explained(what, path, error, remedy=remedy) from None


def _same_kind(default: object, value: object) -> bool:
    """Whether JSON's value can stand where `default` does."""
    if isinstance(default, bool) or isinstance(value, bool):
        return isinstance(default, bool) and isinstance(value, bool)
    if isinstance(default, float):  # of these some may be off
        return value is None or (isinstance(value, int | float) and value == value)  # noqa: PLR0124
    if isinstance(default, dict):
        return isinstance(value, dict)
    if isinstance(default, list):
        return isinstance(value, list) and all(isinstance(v, str) for v in value)
    return isinstance(value, type(default))


def _set_aside(path: Path) -> None:
    try:
        path.replace(path.with_suffix(".damaged.json"))
    except OSError as error:
        _log.warning("could not set %s aside: %s", path, error)

"""The engine as the window sees it: its state, devices, bundles, and what its bundle can do.

One place turns the messages that belong to no job into values; no widget ever sees a message.
"""

import logging
import os
import shlex
from collections import deque
from collections.abc import Callable
from enum import Enum
from pathlib import Path
from typing import Final

from PySide6.QtCore import QObject, Signal

from app.engine_link.link import EngineLink, LinkState
from app.engine_link.process import Ending
from app.model.heard import error_of
from app.model.settings import SettingsModel
from app.model.trouble import Trouble, TroubleModel, Weight
from app.translate import translate
from engine.errors import UserError
from engine.protocol.client import engine_command
from engine.protocol.messages import (
    BundleInfo,
    BundleLoaded,
    Bundles,
    BundlesReport,
    DeviceInfo,
    Devices,
    DevicesReport,
    Event,
    Failed,
    InstallBundle,
    LoadBundle,
    Measure,
    Notice,
    RemoveBundle,
    Request,
    Speed,
    StageInfo,
    Stages,
    StagesReport,
    Understand,
    Understood,
)
from engine.recipe import Recipe, StageSettings

_log = logging.getLogger(__name__)

# request → the event that answers it, and whose trouble it is when it fails
_ANSWERS: Final[dict[type[Request], tuple[type[Event], str]]] = {
    LoadBundle: (BundleLoaded, "bundle"),
    Stages: (StagesReport, "bundle"),
    Devices: (DevicesReport, "device"),
    Bundles: (BundlesReport, "bundles"),
    InstallBundle: (BundlesReport, "bundles"),
    RemoveBundle: (BundlesReport, "bundles"),
}
_RESTARTING_SETTINGS: Final = ("device", "threads", "engine_command")


class EngineState(Enum):
    """What can be done now."""

    STARTING = "starting"  # the window is usable; Generate waits for it
    READY = "ready"
    RESTARTING = "restarting"
    DOWN = "down"  # it died too often or cannot be started; `restart` tries again


_STATES: Final = {
    LinkState.OFF: EngineState.STARTING,
    LinkState.STARTING: EngineState.STARTING,
    LinkState.READY: EngineState.READY,
    LinkState.RESTARTING: EngineState.RESTARTING,
    LinkState.DOWN: EngineState.DOWN,
}


def command_of(settings: SettingsModel) -> list[str]:
    """The command that starts the engine, ours or another machine's; empty is none."""
    if settings.engine_command.strip():
        try:
            return shlex.split(settings.engine_command, posix=os.name != "nt")
        except ValueError:
            return []
    return engine_command("--device", settings.device, "--threads", str(settings.threads))


class EngineModel(QObject):
    """The engine's facts.

    Signals:
        state_changed(), devices_changed(), bundle_changed(), bundles_changed().
        noticed(str): one line worth showing for a moment.
        understood(object): an Understood, the answer to the newest `understand`.
        measured(object): a Speed, the answer to `measure`.

    Attributes (read-only):
        devices: DeviceInfo each; empty before they were told.
        threads: CPU threads in use.
        bundle: the bundle in use; None before one is loaded.
        bundles: installed ones, newest first.
    """

    state_changed = Signal()
    devices_changed = Signal()
    bundle_changed = Signal()
    bundles_changed = Signal()
    noticed = Signal(str)
    understood = Signal(object)
    measured = Signal(object)

    def __init__(
        self,
        link: EngineLink,
        *,
        settings: SettingsModel,
        troubles: TroubleModel,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._link = link
        self._settings = settings
        self._troubles = troubles
        self._asked: deque[Request] = deque()
        self._stages: dict[str, StageInfo] = {}
        self._question = 0
        self.devices: tuple[DeviceInfo, ...] = ()
        self.threads = 0
        self.bundle: BundleLoaded | None = None
        self.bundles: tuple[BundleInfo, ...] = ()
        link.state_changed.connect(self.state_changed)
        link.ready.connect(self._on_ready)
        link.frame.connect(self._on_frame)
        link.lost.connect(self._on_lost)
        settings.changed.connect(self._on_setting)

    @property
    def state(self) -> EngineState:
        """What can be done now."""
        return _STATES[self._link.state]

    @property
    def remote(self) -> bool:
        """Whether the engine is another command than ours."""
        return bool(self._settings.engine_command.strip())

    @property
    def stages(self) -> tuple[str, ...]:
        """The bundle's stages in the order in which they run; empty before one is known."""
        return tuple(self._stages)

    @property
    def place(self) -> str:
        """What decides how fast a recipe renders: the bundle and what computes."""
        bundle = "" if self.bundle is None else self.bundle.sha256[:16]
        used = next((device.name for device in self.devices if device.used), "")
        return f"{bundle} {used} {self._settings.engine_command}".strip()

    # ── what can be asked ─────────────────────────────────────────────────────────────────

    def start(self) -> None:
        """Start the engine; the window is up already."""
        self._link.start()

    def restart(self) -> None:
        """Start the engine anew, with the settings as they are."""
        if self._link.state in (LinkState.OFF, LinkState.DOWN):
            self._link.start()
        else:
            self._link.restart()

    def load_bundle(self, name: str) -> None:
        """Use an installed bundle ("" = the default) from now on, and at every start."""
        if name == self._settings.bundle:
            self._load()
        else:
            self._settings.bundle = name

    def install_bundle(self, path: Path) -> None:
        """Install a bundle's zip or folder, every hash checked; `bundles_changed` or a trouble."""
        if self.remote:
            told = UserError(
                self.tr("The bundle was not installed"),
                self.tr("the engine is on another machine, and the file is here"),
                self.tr("Install it there with: noisefall bundle install FILE"),
            )
            self._troubles.tell_error("bundles", told)
            return
        if self._ask(InstallBundle(path=str(path))):
            self.noticed.emit(self.tr("{0} is being checked and installed").format(path.name))

    def remove_bundle(self, folder: str) -> None:
        """Remove an installed bundle by its folder's name."""
        self._ask(RemoveBundle(bundle=folder))

    def refresh(self) -> None:
        """Ask anew for devices and bundles, when the settings open."""
        self._ask(Devices())
        self._ask(Bundles())

    def understand(
        self,
        prompt: str,
        *,
        bpm: float | None = None,
        key: str | None = None,
        meter: str | None = None,
        bars: int | None = None,
    ) -> None:
        """Ask what the bundle understands of a prompt, beside the knobs turned by hand."""
        if self.bundle is None:  # without one it would only fail
            return
        self._question += 1
        self._link.send(
            Understand(
                number=self._question, prompt=prompt, bpm=bpm, key=key, meter=meter, bars=bars
            )
        )

    def measure(self) -> None:
        """Ask how fast the bundle is here; `measured`, when nothing else was asked for a while."""
        self._link.send(Measure())

    # ── what the bundle can do ────────────────────────────────────────────────────────────

    def preset(self, stage: str, preset: str) -> StageSettings:
        """A preset's values of one stage; all None before a bundle is known."""
        info = self._stages.get(stage)
        return StageSettings() if info is None else info.presets.get(preset, StageSettings())

    def has_steps(self, stage: str) -> bool:
        """Whether the stage denoises; one of the form "frames" is a single call."""
        info = self._stages.get(stage)
        return info is None or info.form != "frames"

    def step_curve(self, stage: str, schedule: str) -> tuple[float, ...]:
        """Times t from 1 (noise) to 0 against steps taken, equally spaced; empty if unknown."""
        info = self._stages.get(stage)
        return () if info is None else info.curves.get(schedule, ())

    def steps_of(self, recipe: Recipe, stage: str) -> int | None:
        """Steps that a recipe takes in a stage; None while unknown, or where there are none."""
        own: StageSettings | None = getattr(recipe, stage, None)
        if not isinstance(own, StageSettings) or not self.has_steps(stage):
            return None
        return own.steps or self.preset(stage, recipe.preset).steps

    # ── the link ──────────────────────────────────────────────────────────────────────────

    def _ask(self, request: Request) -> bool:
        sent = self._link.send(request)
        if sent:
            self._asked.append(request)
        return sent

    def _load(self) -> None:
        self._ask(LoadBundle(bundle=self._settings.bundle))

    def _on_ready(self, _: object) -> None:
        self._asked.clear()
        self.bundle = None
        self._troubles.clear("engine")
        self._load()
        self.refresh()

    def _on_lost(self, ending: Ending) -> None:
        self._asked.clear()
        if self._link.state is LinkState.DOWN:
            self._troubles.tell(_down(ending, self.restart))
        else:
            self._troubles.tell(
                Trouble(
                    source="engine",
                    what=self.tr("The engine ended"),
                    why=ending.reason,
                    remedy=self.tr("It is being started again"),
                    weight=Weight.NOTE,
                )
            )

    def _on_setting(self, name: str) -> None:
        if name == "bundle":
            self._load()
        elif name in _RESTARTING_SETTINGS and self._link.state is not LinkState.OFF:
            self.restart()

    def _on_frame(self, message: Event, _: memoryview) -> None:
        if getattr(message, "job", None) is not None:
            return
        match message:
            case Notice(text=text):
                self.noticed.emit(text)
            case Understood(number=number):
                if number == self._question:
                    self.understood.emit(message)
            case Speed():
                self.measured.emit(message)
            case Failed():
                self._on_failed(message)
            case BundleLoaded() | StagesReport() | DevicesReport() | BundlesReport():
                if self._asked and isinstance(message, _ANSWERS[type(self._asked[0])][0]):
                    self._answered(self._asked.popleft())
                self._take(message)
            case _:
                pass

    def _answered(self, request: Request) -> None:
        self._troubles.clear(_ANSWERS[type(request)][1])
        if isinstance(request, LoadBundle):
            self._ask(Stages())
        elif isinstance(request, InstallBundle) and self.bundle is None:
            self._load()

    def _take(self, message: BundleLoaded | StagesReport | DevicesReport | BundlesReport) -> None:
        match message:
            case BundleLoaded():
                self.bundle = message
                self.bundle_changed.emit()
            case StagesReport(stages=stages):
                self._stages = {info.name: info for info in stages}
                self.bundle_changed.emit()
            case DevicesReport(devices=devices, threads=threads):
                self.devices, self.threads = devices, threads
                self.devices_changed.emit()
            case BundlesReport(bundles=bundles):
                self.bundles = bundles
                self.bundles_changed.emit()

    def _on_failed(self, failed: Failed) -> None:
        if not self._asked:  # a question about a prompt, which the next key press asks again
            _log.warning("the engine refused: %s, %s", failed.what, failed.why)
            return
        request = self._asked.popleft()
        # The engine goes on with the bundle that it had, if it had one.
        no_bundle = isinstance(request, LoadBundle) and self.bundle is None
        weight = Weight.STOP if no_bundle else Weight.LIMIT
        self._troubles.tell_error(_ANSWERS[type(request)][1], error_of(failed), weight=weight)


def _down(ending: Ending, restart: Callable[[], None]) -> Trouble:
    """The engine cannot be kept alive."""
    last = next((line.strip() for line in reversed(ending.log) if line.strip()), "")
    refused = ending.refused
    why = ending.reason if refused is None else refused.why
    if last and refused is None:
        words = translate("trouble", "{0}, its last words were {1}")
        why = words.format(why, repr(last[:160]))
    return Trouble(
        source="engine",
        what=translate("trouble", "The engine cannot be started"),
        why=why,
        remedy=translate("trouble", "Check the device and the engine's command in Settings")
        if refused is None
        else refused.remedy,
        weight=Weight.STOP,
        action_label=translate("trouble", "Start the engine"),
        action=restart,
    )

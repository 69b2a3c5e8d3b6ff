"""The pages of the settings."""

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QSignalBlocker, Qt
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QFileDialog,
    QFrame,
    QHBoxLayout,
    QLabel,
    QVBoxLayout,
    QWidget,
)

from app.midi.midi import Midi
from app.model.models import Models
from app.model.settings import HANDOFF_RATES_HZ
from app.playback.player import Player
from app.view.settings.rows import Page
from app.view.theme.tokens import Space
from app.view.widgets.buttons import Button
from engine.protocol.messages import BundleInfo


class SoundPage(Page):
    """Output device, and how finished clips are levelled."""

    def __init__(self, models: Models, player: Player) -> None:
        super().__init__(models.settings)
        self._player = player
        self.device = QComboBox()
        self.device.setFixedWidth(260)
        self.device.activated.connect(
            lambda _: setattr(models.settings, "output_device", self.device.currentData())
        )
        self.row(self.tr("Output"), self.tr("Where takes and clips are heard"), self.device)
        self.switch(
            "level_match",
            self.tr("Level match"),
            self.tr("Bring takes to one loudness while listening; files are not touched"),
        )
        self.number_or_off(
            "loudness_lufs",
            self.tr("Loudness of clips"),
            self.tr("Integrated loudness of finished files. Off leaves the level as it came"),
            unit="LUFS",
            span=(-40, -6),
        )
        self.number_or_off(
            "ceiling_dbtp",
            self.tr("Peak ceiling"),
            self.tr("True peaks of finished files stay below it"),
            unit="dBTP",
            span=(-20, 0),
        )
        player.devices_changed.connect(self._fill)
        models.settings.changed.connect(self._on_device)
        self._fill()

    def _on_device(self, field: str) -> None:
        if field == "output_device":
            self._fill()

    def _fill(self) -> None:
        with QSignalBlocker(self.device):
            self.device.clear()
            self.device.addItem(self.tr("Follow the system"), "")
            for device in self._player.devices:
                self.device.addItem(device.name, device.id)
            self.device.setCurrentIndex(max(self.device.findData(self.settings.output_device), 0))


class FilesPage(Page):
    """Folders, and what a DAW gets."""

    def __init__(self, models: Models) -> None:
        super().__init__(models.settings)
        settings = models.settings
        self.folder(
            "clips_folder",
            self.tr("Folder of clips"),
            self.tr("New clips are written here and stay here: a DAW plays them from this place"),
            lambda: str(settings.folder),
        )
        rates = [(rate, f"{rate / 1000:g} kHz") for rate in HANDOFF_RATES_HZ]
        self.choice(
            "handoff_rate_hz",
            self.tr("Hand-off rate"),
            self.tr(
                "24 kHz is the master itself. Choose 44.1 or 48 kHz where a DAW does not convert"
            ),
            rates,
        )
        bits = (
            ("16", self.tr("16 bit")),
            ("24", self.tr("24 bit")),
            ("float", self.tr("32 bit float")),
        )
        self.choice(
            "handoff_bits", self.tr("Hand-off format"), self.tr("Of files dragged out"), bits
        )
        days = [(n, self.tr("after {0} days").format(n)) for n in (7, 30, 90, 365)]
        self.choice(
            "bin_days",
            self.tr("Empty the bin"),
            self.tr("Deleted clips and files go for good"),
            days,
        )


class LookPage(Page):
    """Theme."""

    def __init__(self, models: Models) -> None:
        super().__init__(models.settings)
        themes = (
            ("system", self.tr("As the system")),
            ("dark", self.tr("Dark")),
            ("light", self.tr("Light")),
        )
        self.choice("theme", self.tr("Theme"), "", themes)


class MidiPage(Page):
    """Ports, clock, transport."""

    def __init__(self, models: Models, midi: Midi) -> None:
        super().__init__(models.settings)
        self._midi = midi
        self._ports = QFrame()
        self._ports_layout = QVBoxLayout(self._ports)
        self._ports_layout.setContentsMargins(0, 0, 0, 0)
        self._ports_layout.setSpacing(Space.HAIR)
        self.row(
            self.tr("Inputs"),
            self.tr("Clock and controllers. A port that is unplugged is taken up when it is back"),
            self._ports,
        )
        self.switch(
            "follow_clock",
            self.tr("Follow the clock"),
            self.tr("The DAW's MIDI clock sets the tempo"),
        )
        self.switch(
            "follow_transport",
            self.tr("Follow the transport"),
            self.tr("Start and stop in the DAW play and stop here"),
        )
        learn = QLabel(
            self.tr("To learn a controller, right-click a knob and move the controller.")
        )
        learn.setProperty("role", "caption")
        self.wide(learn)
        midi.ports_changed.connect(self._fill)
        midi.connected_changed.connect(self._fill)
        self._fill()

    def _fill(self) -> None:
        while (item := self._ports_layout.takeAt(0)) is not None:
            if (widget := item.widget()) is not None:
                widget.deleteLater()
        chosen = self.settings.midi_inputs
        names = list(dict.fromkeys([*self._midi.ports, *chosen]))
        if not names:
            label = QLabel(self.tr("No MIDI input found"))
            label.setProperty("role", "muted")
            self._ports_layout.addWidget(label)
        for name in names:
            away = name not in self._midi.ports
            box = QCheckBox(f"{name} ({self.tr('away')})" if away else name)
            box.setChecked(name in chosen)
            box.toggled.connect(lambda on, port=name: self._choose(port, on=on))
            self._ports_layout.addWidget(box)

    def _choose(self, port: str, *, on: bool) -> None:
        others = [name for name in self.settings.midi_inputs if name != port]
        self.settings.midi_inputs = [*others, port] if on else others


class EnginePage(Page):
    """What computes, and which bundle."""

    def __init__(self, models: Models) -> None:
        super().__init__(models.settings)
        self._engine = models.engine
        devices = (
            ("auto", self.tr("Best there is")),
            ("cpu", self.tr("CPU")),
            ("cuda", self.tr("NVIDIA GPU (CUDA)")),
            ("coreml", self.tr("Apple (CoreML)")),
        )
        self.choice("device", self.tr("Compute on"), "", devices)
        self._report = QLabel()
        self._report.setWordWrap(True)
        self._report.setProperty("role", "caption")
        self._report.setAccessibleName(self.tr("Devices"))
        self.wide(self._report)
        self.switch(
            "finish_in_background",
            self.tr("Finish in the background"),
            self.tr("Bring takes to 24 kHz while the engine is idle, so that keeping is instant"),
        )
        self.text(
            "engine_command",
            self.tr("Engine on another machine"),
            self.tr("A command that starts an engine there; empty uses this machine"),
            "ssh host noisefall-engine serve",
        )
        self._engine.devices_changed.connect(self._show)
        self._show()

    def _show(self) -> None:
        lines = []
        for device in self._engine.devices:
            mark = "●" if device.used else "○" if device.usable else "×"
            lines.append(
                f"{mark} {device.name}: {device.reason}"
                if device.reason
                else f"{mark} {device.name}"
            )
        self._report.setText("\n".join(lines) or self.tr("The engine has not told its devices yet"))


class BundlesPage(Page):
    """Installed bundles."""

    def __init__(self, models: Models, confirm: Callable[[str], bool]) -> None:
        super().__init__(models.settings)
        self._engine, self._confirm = models.engine, confirm
        about = QLabel(self.tr("A bundle is a trained cascade. Every file is checked by its hash."))
        about.setProperty("role", "caption")
        self.wide(about)
        self._list = QFrame()
        self._list_layout = QVBoxLayout(self._list)
        self._list_layout.setContentsMargins(0, 0, 0, 0)
        self._list_layout.setSpacing(Space.SMALL)
        self.wide(self._list)
        install = Button(self.tr("Install from a file…"))
        install.clicked.connect(self._install)
        line = QWidget()
        row = QHBoxLayout(line)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(install)
        row.addStretch(1)
        self.wide(line)
        self._engine.bundles_changed.connect(self._fill)
        self._engine.bundle_changed.connect(self._fill)
        self._fill()

    def _install(self) -> None:
        path, _ = QFileDialog.getOpenFileName(
            self, self.tr("Install a bundle"), "", self.tr("Bundles (*.zip)")
        )
        if path:
            self._engine.install_bundle(Path(path))

    def _fill(self) -> None:
        while (item := self._list_layout.takeAt(0)) is not None:
            if (widget := item.widget()) is not None:
                widget.deleteLater()
        loaded = self._engine.bundle
        for bundle in self._engine.bundles:
            used = loaded is not None and loaded.sha256 == bundle.sha256
            self._list_layout.addWidget(self._card(bundle, used=used))
        if not self._engine.bundles:
            label = QLabel(self.tr("None is installed"))
            label.setProperty("role", "muted")
            self._list_layout.addWidget(label)

    def _card(self, bundle: BundleInfo, *, used: bool) -> QFrame:
        card = QFrame()
        card.setObjectName("panel")
        row = QHBoxLayout(card)
        row.setContentsMargins(Space.MEDIUM, Space.SMALL, Space.SMALL, Space.SMALL)
        name = f"{bundle.name or bundle.folder} {bundle.version}".strip()
        words = QVBoxLayout()
        title = QLabel(f"✓ {name}" if used else name)
        title.setProperty("role", "heading")
        words.addWidget(title)
        problem = bundle.problem
        detail = QLabel(problem or bundle.description or bundle.licence)
        detail.setWordWrap(True)
        detail.setProperty("role", "danger" if problem else "caption")
        words.addWidget(detail)
        row.addLayout(words, 1)
        folder = bundle.folder
        if not used:
            use = Button(self.tr("Use"))
            use.setEnabled(not problem)
            use.setAccessibleName(self.tr("Use {0}").format(name))
            use.clicked.connect(lambda: self._engine.load_bundle(folder))
            row.addWidget(use, 0, Qt.AlignmentFlag.AlignTop)
            remove = Button(self.tr("Remove"), role="flat")
            remove.setAccessibleName(self.tr("Remove {0}").format(name))
            question = self.tr("Remove the bundle {0} from this machine?").format(name)
            remove.clicked.connect(
                lambda: self._engine.remove_bundle(folder) if self._confirm(question) else None
            )
            row.addWidget(remove, 0, Qt.AlignmentFlag.AlignTop)
        return card

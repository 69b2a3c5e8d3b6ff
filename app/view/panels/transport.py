"""Transport, position, listening level, meters: the foot of the window."""

from PySide6.QtCore import Signal
from PySide6.QtGui import QAction, QActionGroup
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QMenu

from app.playback.player import Player
from app.playback.sound import Levels
from app.view.picture.time_axis import TimeAxis
from app.view.theme.theme import Theme, Weight
from app.view.theme.tokens import Size, Space, TypeSize
from app.view.widgets.buttons import IconButton
from app.view.widgets.fader import Fader
from app.view.widgets.meter import LevelMeter


class Transport(QFrame):
    """Plays what Player holds.

    Signals:
        loop_asked(bool), match_asked(bool), volume_asked(float), device_asked(str): what a person
        sets here, for the settings.
    """

    loop_asked = Signal(bool)
    match_asked = Signal(bool)
    volume_asked = Signal(float)
    device_asked = Signal(str)

    def __init__(self, player: Player, axis: TimeAxis, theme: Theme) -> None:
        super().__init__()
        self.setObjectName("panel")
        self._player, self._axis, self._theme = player, axis, theme
        self.play = IconButton(
            "play", self.tr("Play"), theme, self.tr("Space"), checkable=True, size=Size.TALL_CONTROL
        )
        self.play.set_icons("play", "pause")
        self.play.set_round()
        self.loop = IconButton(
            "loop", self.tr("Loop playback"), theme, self.tr("L"), checkable=True
        )
        self.match = IconButton(
            "match", self.tr("Level match"), theme,
            self.tr("Bring all takes to one loudness, so that louder is not taken for better (M)"),
            checkable=True, label=self.tr("Match"),
        )  # fmt: skip
        self.position = QLabel()
        self.position.setAccessibleName(self.tr("Position"))
        self.clock = QLabel()
        self.clock.setProperty("role", "caption")
        self.now = QLabel()
        self.now.setProperty("role", "muted")
        self.mute = IconButton("speaker", self.tr("Output"), theme, self.tr("Device and mute"))
        self.volume = Fader(self.tr("Volume"), theme)
        self.meter = LevelMeter(theme)
        self._lay_out()
        self._connect()
        self._show_position()

    def _lay_out(self) -> None:
        self.position.setFont(self._theme.font(TypeSize.DISPLAY, Weight.Medium))
        self.position.setStyleSheet(f"font-size: {int(TypeSize.DISPLAY)}px; font-weight: 500;")
        self.position.setMinimumWidth(92)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(Space.MEDIUM, Space.SMALL, Space.MEDIUM, Space.SMALL)
        layout.setSpacing(Space.SMALL)
        for widget in (self.play, self.loop, self.match):
            layout.addWidget(widget)
        layout.addSpacing(Space.SMALL)
        layout.addWidget(self.position)
        layout.addWidget(self.clock)
        layout.addSpacing(Space.SMALL)
        layout.addWidget(self.now, 1)
        layout.addWidget(self.mute)
        layout.addWidget(self.volume)
        layout.addSpacing(Space.SMALL)
        layout.addWidget(self.meter)

    def _connect(self) -> None:
        player = self._player
        self.play.clicked.connect(player.toggle)
        self.loop.clicked.connect(self.loop_asked)
        self.match.clicked.connect(self.match_asked)
        self.volume.moved.connect(self.volume_asked)
        self.volume.reset_asked.connect(lambda: self.volume_asked.emit(1.0))
        self.mute.clicked.connect(self._open_devices)
        self.meter.reset_asked.connect(player.reset_hold)
        player.playing_changed.connect(self._show_playing)
        player.takes_changed.connect(self._show_takes)
        player.position_changed.connect(self._axis.set_playhead)
        player.loop_changed.connect(self.loop.setChecked)
        player.level_match_changed.connect(self.match.setChecked)
        player.levels_changed.connect(self._show_levels)
        player.volume_changed.connect(self.volume.set_fraction)
        player.muted_changed.connect(self._show_output)
        player.output_changed.connect(self._show_output)
        self._axis.playhead_moved.connect(self._show_position)
        self._axis.changed.connect(self._show_position)
        self.loop.setChecked(player.loop)
        self.match.setChecked(player.level_match)
        self.volume.set_fraction(player.volume)
        self._show_output()
        self._show_takes()

    def set_now(self, text: str) -> None:
        """What is heard, in a few words."""
        if text != self.now.text():
            self.now.setText(text)
            self.now.setToolTip(text)

    def _show_takes(self) -> None:
        self.play.setEnabled(bool(self._player.takes))

    def _show_playing(self, playing: bool) -> None:
        self.play.setChecked(playing)
        self.play.setAccessibleName(self.tr("Pause") if playing else self.tr("Play"))

    def _show_position(self) -> None:
        time_s = self._axis.playhead_s
        self.position.setText(self._axis.position_text(time_s))
        length = self._axis.length_s
        free = self._axis.bpm is None
        text = f"/ {length:.2f} s" if free else f"{time_s:.2f}\n/ {length:.2f} s"
        self.clock.setText(text)

    def _show_levels(self, levels: Levels) -> None:
        self.meter.set_levels(levels.peak_db, levels.hold_db, levels.momentary_lufs)

    def _show_output(self) -> None:
        player = self._player
        output = player.output or self.tr("no device")
        self.mute.setToolTip(self.tr("Output: {0}").format(output))
        self.mute.set_icons("mute" if player.muted else "speaker", "speaker")

    def device_menu(self) -> QMenu:
        """Mute, the system's device, every other."""
        menu = QMenu(self)
        mute = menu.addAction(self.tr("Mute"))
        mute.setCheckable(True)
        mute.setChecked(self._player.muted)
        mute.toggled.connect(self._player.set_muted)
        menu.addSeparator()
        group = QActionGroup(menu)
        rows = [("", self.tr("System's device"))]
        rows += [(device.id, device.name) for device in self._player.devices]
        for device_id, name in rows:
            action = QAction(name, menu, checkable=True)
            action.setChecked(device_id == self._player.device)
            action.triggered.connect(
                lambda _=False, chosen=device_id: self.device_asked.emit(chosen)
            )
            group.addAction(action)
            menu.addAction(action)
        return menu

    def _open_devices(self) -> None:
        self._player.refresh_devices()
        self.device_menu().popup(self.mute.mapToGlobal(self.mute.rect().topLeft()))

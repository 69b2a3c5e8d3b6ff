"""The one window: prompt, knobs, stages, picture, takes, transport, library. It only ties together.

Flow from top to bottom at the left, what was kept at the right. Rejected: docks and tabs (a thing
that can be anywhere has to be searched), and a wizard.
"""

import base64
import binascii
import logging
from collections.abc import Callable
from functools import partial
from pathlib import Path

from PySide6.QtCore import QByteArray, QEvent, QMimeData, Qt, QTimer
from PySide6.QtGui import QCloseEvent, QDragEnterEvent, QDropEvent, QKeyEvent
from PySide6.QtWidgets import (
    QApplication,
    QHBoxLayout,
    QMainWindow,
    QSplitter,
    QVBoxLayout,
    QWidget,
)

from app.midi.midi import Midi
from app.model.models import Models
from app.model.trouble import Weight
from app.playback.player import Player
from app.view.controllers import Controllers
from app.view.listening import Listening
from app.view.notes_out import NotesOut
from app.view.panels.binding import Learner
from app.view.panels.drag import drag_out
from app.view.panels.hero import Hero
from app.view.panels.knob_panel import KnobPanel
from app.view.panels.library_panel import LibraryPanel
from app.view.panels.prompt_panel import PromptPanel
from app.view.panels.stages_panel import StagesPanel
from app.view.panels.take_cards import TakeCards
from app.view.panels.transport import Transport
from app.view.picture.time_axis import TimeAxis
from app.view.settings.dialog import SettingsDialog
from app.view.shortcuts import ShortcutSheet, bind
from app.view.theme.theme import Theme
from app.view.theme.tokens import Space
from app.view.widgets.buttons import IconButton
from app.view.widgets.trouble_line import TroubleLine

NOTE_MS = 6_000
_STATE_LIMIT = 4096

_log = logging.getLogger(__name__)


class MainWindow(QMainWindow):
    """Everything a person sees of Noisefall."""

    def __init__(
        self, models: Models, player: Player, midi: Midi, *, theme: Theme | None = None
    ) -> None:
        super().__init__()
        self.setWindowTitle("Noisefall")
        self.setAcceptDrops(True)
        self.models, self.player, self.midi = models, player, midi
        self.theme = theme or Theme(models.settings.theme, self)
        self._apply_theme()
        self.axis = TimeAxis(self)
        self.listening = Listening(models, player, self)
        self.controllers = Controllers(models, midi, player, self)
        self._make_parts(Learner(midi, self))
        self._lay_out()
        self._connect()
        self.shortcuts = bind(self, self._actions())
        self._settings_dialog: SettingsDialog | None = None
        self._sheet: ShortcutSheet | None = None
        self._note = self._dismissed = ""
        self._note_timer = QTimer(self, singleShot=True, interval=NOTE_MS)
        self._note_timer.timeout.connect(self._end_note)
        self._restore()
        self._show_trouble()
        self._show_clock()
        self.prompt.prompt.setFocus()

    # ── making ────────────────────────────────────────────────────────────────────────────

    def _make_parts(self, learner: Learner) -> None:
        models, theme = self.models, self.theme
        self.prompt = PromptPanel(models.form, models.jobs, models.engine, theme)
        self.knobs = KnobPanel(models.form, learner, theme)
        self.stages = StagesPanel(models.form, models.engine, learner, theme)
        self.hero = Hero(models, self.axis, theme)
        self.cards = TakeCards(models.takes, theme)
        self.notes_out = NotesOut(models.notes, self.cards, theme)
        self.transport = Transport(self.player, self.axis, theme)
        self.library = LibraryPanel(
            models.clips, models.actions, models.undo, theme, notes=models.notes
        )
        self.trouble = TroubleLine(theme)
        self.library_button = IconButton("library", self.tr("Library"), theme, "B", checkable=True)
        self.settings_button = IconButton("settings", self.tr("Settings"), theme, "Ctrl+,")
        self.help_button = IconButton("help", self.tr("Shortcuts"), theme, "?")

    def _lay_out(self) -> None:
        top = QHBoxLayout()
        top.setSpacing(Space.SMALL)
        top.addWidget(self.prompt, 1)
        corner = QHBoxLayout()
        corner.setSpacing(0)
        corner.setContentsMargins(0, 7, 0, 0)
        for button in (self.library_button, self.settings_button, self.help_button):
            corner.addWidget(button, 0, Qt.AlignmentFlag.AlignTop)
        top.addLayout(corner)
        left = QWidget()
        column = QVBoxLayout(left)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(Space.SMALL)
        for widget in (self.knobs, self.stages):
            column.addWidget(widget)
        column.addWidget(self.hero, 1)
        column.addWidget(self.cards)
        column.addWidget(self.transport)
        self.stages.hide()
        self.splitter = QSplitter(Qt.Orientation.Horizontal)
        self.splitter.setHandleWidth(Space.SMALL)
        self.splitter.setChildrenCollapsible(False)
        self.splitter.addWidget(left)
        self.splitter.addWidget(self.library)
        self.splitter.setStretchFactor(0, 1)
        self.splitter.setStretchFactor(1, 0)
        self.library.setMinimumWidth(304)
        body = QWidget()
        whole = QVBoxLayout(body)
        whole.setContentsMargins(Space.MEDIUM, Space.MEDIUM, Space.MEDIUM, Space.MEDIUM)
        whole.setSpacing(Space.MEDIUM)
        whole.addLayout(top)
        whole.addWidget(self.splitter, 1)
        whole.addWidget(self.trouble)
        self.setCentralWidget(body)
        self.resize(1320, 840)
        self.splitter.setSizes([960, 336])
        self.library_button.setChecked(True)

    def _connect(self) -> None:
        models, player = self.models, self.player
        self.prompt.generate_asked.connect(self._generate)
        self.knobs.stages_toggled.connect(self.stages.setVisible)
        self.knobs.clock_asked.connect(self.controllers.follow_clock)
        self.controllers.clock_changed.connect(self._show_clock)
        self.axis.seek_asked.connect(player.seek)
        self.axis.seek_asked.connect(self.axis.set_playhead)
        self.axis.region_asked.connect(self.listening.set_region)
        player.region_changed.connect(self.axis.set_region)
        self.hero.keep_asked.connect(self._keep)
        self.hero.drag_out_asked.connect(self._drag_selection)
        self.hero.drag_out_near.connect(self._prepare_selection)
        self.cards.drag_asked.connect(self._drag_take)
        self.cards.chords_asked.connect(models.actions.use_chords)
        self.library.list.play_asked.connect(self.listening.play_clip)
        self.listening.clip_shown.connect(self._show_clip)
        self.listening.clip_pictured.connect(self.hero.show_clip_mel)
        for signal, field in (
            (self.transport.loop_asked, "loop_playback"),
            (self.transport.match_asked, "level_match"),
            (self.transport.volume_asked, "volume"),
            (self.transport.device_asked, "output_device"),
        ):
            signal.connect(partial(setattr, models.settings, field))
        models.troubles.changed.connect(self._show_trouble)
        player.trouble_changed.connect(self._show_trouble)
        self.midi.trouble_changed.connect(self._show_trouble)
        self.midi.learning_changed.connect(self._show_learning)
        self.midi.knob_learned.connect(lambda _, label: self.show_note(label))
        models.engine.noticed.connect(self.show_note)
        models.actions.preparing.connect(self.show_note)
        self.notes_out.noted.connect(self.show_note)
        models.settings.changed.connect(self._on_setting)
        self.trouble.acted.connect(self._act)
        self.trouble.dismissed.connect(self._dismiss)
        self.library_button.toggled.connect(self.library.setVisible)
        self.settings_button.clicked.connect(self.open_settings)
        self.help_button.clicked.connect(self.open_sheet)
        self.theme.changed.connect(self._apply_theme)

    def _actions(self) -> dict[str, Callable[[], object]]:
        models, takes = self.models, self.models.takes
        return {
            "generate": self._generate,
            "reroll": models.jobs.reroll,
            "cancel": self._escape,
            "prompt": self.prompt.prompt.setFocus,
            "tap": models.form.tap_tempo,
            "dice": models.form.roll_seed,
            "stages": self.knobs.stages.toggle,
            "play": self.player.toggle,
            **{f"take{n + 1}": partial(self.listening.select, n) for n in range(4)},
            "older": takes.show_older,
            "newer": takes.show_newer,
            "loop": self.transport.loop.click,
            "match": self.transport.match.click,
            "start": lambda: self.axis.seek_asked.emit(0.0),
            "channel": lambda: self.hero.channel.step(1),
            "keep": self._keep,
            "search": self._search,
            "undo": models.undo.undo,
            "redo": models.undo.redo,
            "library": self.library_button.toggle,
            "settings": self.open_settings,
            "sheet": self.open_sheet,
        }

    # ── doing ─────────────────────────────────────────────────────────────────────────────

    def _escape(self) -> None:
        """Stop learning; else cancel what runs, drop the selection, leave a field."""
        if self.midi.learning:
            self.midi.cancel_learning()
        elif self.models.jobs.rendering:
            self.models.jobs.cancel()
        elif self.axis.region is not None:
            self.axis.region_asked.emit(None)
        else:
            self.hero.spectrogram.setFocus()

    def _generate(self) -> None:
        """Render; the keys for listening, Reroll and Keep then work without leaving the prompt."""
        self.knobs.chords.settle()
        if self.models.jobs.generate():
            self.hero.spectrogram.setFocus()

    def _keep(self) -> None:
        """Keep the selected take."""
        self.models.takes.keep()

    def _search(self) -> None:
        self.library_button.setChecked(True)
        self.library.search.setFocus()
        self.library.search.selectAll()

    def _drag_take(self, index: int) -> None:
        data = self.models.actions.drag_take(index)
        if data is not None:
            drag_out(self.cards, data, self.theme, 1)

    def _prepare_selection(self) -> None:
        """Have the selection of a clip, or of a kept take, cut by the time it is dragged."""
        region, take = self.axis.region, self.models.takes.selected_take
        clip = self.listening.clip
        if clip < 0 and take is not None and take.clip is not None:
            clip = take.clip.id
        if region is not None and clip >= 0:
            self.models.actions.prepare_part(clip, region)

    def selection_data(self) -> QMimeData | None:
        """The selection's complete file, of the clip that is heard or of the selected take."""
        region, actions = self.axis.region, self.models.actions
        if region is None:
            return None
        if self.listening.clip >= 0:
            return actions.drag_part(self.listening.clip, region)
        if self.models.takes.selected_take is None:
            return None
        return actions.drag_part_of_take(self.models.takes.selected, region)

    def _drag_selection(self) -> None:
        if (data := self.selection_data()) is not None:
            drag_out(self.hero, data, self.theme, 1)

    def open_settings(self) -> None:
        """The settings, beside the window."""
        if self._settings_dialog is None:
            self._settings_dialog = SettingsDialog(
                self.models, self.player, self.midi, self.theme, self
            )
        self._settings_dialog.show()
        self._settings_dialog.raise_()
        self._settings_dialog.activateWindow()

    def open_sheet(self) -> None:
        """All shortcuts."""
        if self._sheet is None:
            self._sheet = ShortcutSheet(self.theme, self)
        self._sheet.show()
        self._sheet.raise_()

    # ── showing ───────────────────────────────────────────────────────────────────────────

    def _show_clip(self, clip: object, audio: object, rate_hz: int) -> None:
        playing = -1 if clip is None else self.listening.clip
        self.library.list.delegate.playing_id = playing
        self.library.list.viewport().update()
        if clip is None:
            self.hero.show_take()
            self.transport.set_now("")
        else:
            self.hero.show_clip(clip, audio, rate_hz)  # type: ignore[arg-type]  # from a signal
            self.transport.set_now(self.tr("Clip · 1–4 go back to the takes"))

    def _show_clock(self) -> None:
        following = self.models.settings.follow_clock
        self.knobs.set_clock(following=following, bpm=self.controllers.clock_bpm)

    def show_note(self, text: str) -> None:
        """A line for a moment."""
        self._note = text
        self._note_timer.start()
        self._show_trouble()

    def _end_note(self) -> None:
        self._note = ""
        self._show_trouble()

    def _show_learning(self, knob: str) -> None:
        """What a person has to do so that a controller is learnt."""
        if not knob:
            self._end_note()
        elif not self.models.settings.midi_inputs:
            self.midi.cancel_learning()
            self.show_note(self.tr("Choose a MIDI input in Settings first, then learn"))
        else:
            self.show_note(self.tr("Move the controller that is to turn it. Esc gives up"))

    def _show_trouble(self) -> None:
        shown = self.models.troubles.shown
        other = self.player.trouble or self.midi.trouble
        if self._note:
            self.trouble.show_line(self._note)
        elif shown is not None:
            serious = shown.weight is Weight.STOP
            self.trouble.show_line(shown.line, action=shown.action_label, serious=serious)
        else:
            self.trouble.show_line(other if other != self._dismissed else "")

    def _act(self) -> None:
        if (shown := self.models.troubles.shown) is not None and not self._note:
            self.models.troubles.act(shown.source)

    def _dismiss(self) -> None:
        if self._note:
            self._end_note()
        elif (shown := self.models.troubles.shown) is not None:
            self.models.troubles.clear(shown.source)
        else:
            self._dismissed = self.player.trouble or self.midi.trouble
            self._show_trouble()

    # ── the window itself ─────────────────────────────────────────────────────────────────

    def _on_setting(self, field: str) -> None:
        if field == "theme":
            self.theme.choose(self.models.settings.theme)
        elif field == "follow_clock":
            self._show_clock()

    def _apply_theme(self) -> None:
        application = QApplication.instance()
        if isinstance(application, QApplication):
            self.theme.apply(application)

    def _restore(self) -> None:
        stored = self.models.settings.window
        try:
            for name, restore in (
                ("geometry", self.restoreGeometry),
                ("splitter", self.splitter.restoreState),
            ):
                text = stored.get(name)
                if isinstance(text, str) and len(text) <= _STATE_LIMIT:
                    restore(QByteArray(base64.b64decode(text, validate=True)))
        except binascii.Error:
            _log.warning("the window's stored place was not read")
        self.library_button.setChecked(stored.get("library", True) is not False)
        self.knobs.stages.setChecked(stored.get("stages") is True)

    def changeEvent(self, event: QEvent) -> None:  # noqa: N802
        """Back from a file manager or a DAW: files may have been moved."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.ActivationChange and self.isActiveWindow():
            self.models.clips.look()

    def closeEvent(self, event: QCloseEvent) -> None:  # noqa: N802
        """Remember the place."""
        self.models.settings.window = {
            "geometry": base64.b64encode(self.saveGeometry().data()).decode(),
            "splitter": base64.b64encode(self.splitter.saveState().data()).decode(),
            "library": self.library_button.isChecked(),
            "stages": self.knobs.stages.isChecked(),
        }
        self.listening.close()
        event.accept()

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802
        """Keys that nobody took end here."""
        event.ignore()

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:  # noqa: N802
        """Files from outside: WAVs of ours and bundles."""
        if event.source() is None and any(url.isLocalFile() for url in event.mimeData().urls()):
            event.setDropAction(Qt.DropAction.CopyAction)
            event.accept()

    def dropEvent(self, event: QDropEvent) -> None:  # noqa: N802
        """Restore recipes, install bundles."""
        paths = [Path(url.toLocalFile()) for url in event.mimeData().urls() if url.isLocalFile()]
        event.setDropAction(Qt.DropAction.CopyAction)
        event.accept()
        self.models.actions.drop_files(paths)

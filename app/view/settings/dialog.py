"""The settings' own window: pages at the left, rows at the right."""

from PySide6.QtCore import QSize
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import (
    QDialog,
    QHBoxLayout,
    QListWidget,
    QMessageBox,
    QStackedWidget,
    QWidget,
)

from app.midi.midi import Midi
from app.model.models import Models
from app.playback.player import Player
from app.view.settings.pages import (
    BundlesPage,
    EnginePage,
    FilesPage,
    LookPage,
    MidiPage,
    SoundPage,
)
from app.view.theme.theme import Theme
from app.view.theme.tokens import Space


class SettingsDialog(QDialog):
    """Not modal: the work goes on beside it."""

    def __init__(
        self,
        models: Models,
        player: Player,
        midi: Midi,
        theme: Theme,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.setWindowTitle(self.tr("Settings"))
        self.setAccessibleName(self.tr("Settings"))
        self._models, self._player, self._theme = models, player, theme
        self.nav = QListWidget()
        self.nav.setObjectName("nav")
        self.nav.setAccessibleName(self.tr("Pages"))
        self.nav.setFixedWidth(168)
        self.pages = QStackedWidget()
        rows = (
            (self.tr("Sound"), "speaker", SoundPage(models, player)),
            (self.tr("Files"), "folder", FilesPage(models)),
            (self.tr("MIDI"), "midi", MidiPage(models, midi)),
            (self.tr("Engine"), "cascade", EnginePage(models)),
            (self.tr("Bundles"), "library", BundlesPage(models, self._confirm)),
            (self.tr("Look"), "star", LookPage(models)),
        )
        self._icons = [icon for _, icon, _ in rows]
        for name, _, page in rows:
            self.nav.addItem(name)
            self.pages.addWidget(page.finish(name))
        self.nav.setIconSize(QSize(16, 16))
        self.nav.currentRowChanged.connect(self.pages.setCurrentIndex)
        self.nav.setCurrentRow(0)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(Space.MEDIUM, Space.MEDIUM, Space.MEDIUM, Space.MEDIUM)
        layout.setSpacing(Space.SMALL)
        layout.addWidget(self.nav)
        layout.addWidget(self.pages, 1)
        self.resize(760, 520)
        theme.changed.connect(self._restyle)
        self._restyle()

    def _restyle(self) -> None:
        for row, icon in enumerate(self._icons):
            self.nav.item(row).setIcon(self._theme.icon(icon, "muted"))

    def _confirm(self, question: str) -> bool:
        answer = QMessageBox.question(self, self.tr("Bundles"), question)
        return answer == QMessageBox.StandardButton.Yes

    def showEvent(self, event: QShowEvent) -> None:  # noqa: N802
        """Look for devices and bundles now."""
        self._player.refresh_devices()
        self._models.engine.refresh()
        super().showEvent(event)

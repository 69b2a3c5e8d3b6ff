"""Rows of a settings page: a name, what it means, a control tied to one field of SettingsModel."""

from collections.abc import Callable, Sequence

from PySide6.QtCore import QSignalBlocker, Qt
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDoubleSpinBox,
    QFileDialog,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from app.model.settings import SettingsModel
from app.view.theme.tokens import Space
from app.view.widgets.buttons import Button

_CONTROL_PX = 260


class Page(QWidget):
    """A column of rows."""

    def __init__(self, settings: SettingsModel) -> None:
        super().__init__()
        self.settings = settings
        self._rows = QVBoxLayout(self)
        self._rows.setContentsMargins(Space.WIDE, Space.LARGE, Space.WIDE, Space.LARGE)
        self._rows.setSpacing(Space.LARGE)
        self._refreshers: dict[str, Callable[[], None]] = {}
        settings.changed.connect(self._on_setting)

    def _on_setting(self, field: str) -> None:
        if field in self._refreshers:
            self._refreshers[field]()

    def tie(self, field: str, refresh: Callable[[], None]) -> None:
        """Call `refresh` now and whenever the setting changes."""
        self._refreshers[field] = refresh
        refresh()

    def finish(self, title: str) -> QScrollArea:
        """The page under its title, scrolling where the window is low."""
        heading = QLabel(title)
        heading.setProperty("role", "lead")
        self._rows.insertWidget(0, heading)
        self._rows.addStretch(1)
        area = QScrollArea()
        area.setWidgetResizable(True)
        area.setWidget(self)
        area.viewport().setAutoFillBackground(False)
        self.setAutoFillBackground(False)
        return area

    def row(self, name: str, hint: str, control: QWidget) -> None:
        """Name and hint at the left, the control at the right."""
        words = QVBoxLayout()
        words.setSpacing(2)
        label = QLabel(name)
        label.setBuddy(control)
        words.addWidget(label)
        if hint:
            small = QLabel(hint)
            small.setProperty("role", "caption")
            small.setWordWrap(True)
            words.addWidget(small)
        if not control.accessibleName():
            control.setAccessibleName(name)
        control.setAccessibleDescription(hint)
        line = QHBoxLayout()
        line.setSpacing(Space.WIDE)
        line.addLayout(words, 1)
        top = Qt.AlignmentFlag.AlignTop | Qt.AlignmentFlag.AlignRight
        line.addWidget(control, 0, top)
        self._rows.addLayout(line)

    def wide(self, widget: QWidget) -> None:
        """A control as wide as the page."""
        self._rows.addWidget(widget)

    # ── kinds of control ──────────────────────────────────────────────────────────────────

    def choice(
        self, field: str, name: str, hint: str, choices: Sequence[tuple[object, str]]
    ) -> QComboBox:
        """One of a few values."""
        combo = QComboBox()
        combo.setFixedWidth(_CONTROL_PX)
        for value, text in choices:
            combo.addItem(text, value)
        combo.activated.connect(lambda _: setattr(self.settings, field, combo.currentData()))

        def refresh() -> None:
            with QSignalBlocker(combo):
                combo.setCurrentIndex(combo.findData(getattr(self.settings, field)))

        self.tie(field, refresh)
        self.row(name, hint, combo)
        return combo

    def switch(self, field: str, name: str, hint: str) -> QCheckBox:
        """On or off."""
        box = QCheckBox()
        box.toggled.connect(lambda on: setattr(self.settings, field, on))
        self.tie(field, lambda: box.setChecked(getattr(self.settings, field)))
        self.row(name, hint, box)
        return box

    def number_or_off(
        self, field: str, name: str, hint: str, *, unit: str, span: tuple[float, float]
    ) -> QWidget:
        """A number that can be off (None)."""
        box, spin = QCheckBox(), QDoubleSpinBox()
        spin.setRange(*span)
        spin.setDecimals(1)
        spin.setSingleStep(0.5)
        spin.setSuffix(f" {unit}")
        spin.setFixedWidth(128)
        spin.lineEdit().setTextMargins(Space.SMALL - 2, 0, 0, 0)
        spin.setAccessibleName(name)
        box.setAccessibleName(self.tr("{0}: on").format(name))
        both = QWidget()
        line = QHBoxLayout(both)
        line.setContentsMargins(0, 0, 0, 0)
        line.addWidget(box)
        line.addWidget(spin)
        last = [getattr(self.settings, field) or span[1]]

        def refresh() -> None:
            value = getattr(self.settings, field)
            with QSignalBlocker(box), QSignalBlocker(spin):
                box.setChecked(value is not None)
                spin.setEnabled(value is not None)
                spin.setValue(last[0] if value is None else value)

        def set_value(value: float) -> None:
            last[0] = value
            setattr(self.settings, field, value)

        box.toggled.connect(lambda on: setattr(self.settings, field, last[0] if on else None))
        spin.valueChanged.connect(set_value)
        self.tie(field, refresh)
        self.row(name, hint, both)
        return both

    def folder(self, field: str, name: str, hint: str, shown: Callable[[], str]) -> QLineEdit:
        """A folder, with a button that chooses another."""
        both, path = QWidget(), QLineEdit()
        path.setReadOnly(True)
        path.setMinimumWidth(120)
        path.setAccessibleName(name)
        button = Button(self.tr("Choose…"))
        default = Button(self.tr("Default"), role="flat")
        default.setToolTip(self.tr("Back to the folder that the system names"))
        line = QHBoxLayout(both)
        line.setContentsMargins(0, 0, 0, 0)
        line.setSpacing(Space.SMALL)
        line.addWidget(path, 1)
        line.addWidget(button)
        line.addWidget(default)

        def choose() -> None:
            chosen = QFileDialog.getExistingDirectory(self, name, shown())
            if chosen:
                setattr(self.settings, field, chosen)

        def refresh() -> None:
            path.setText(shown())
            path.setToolTip(shown())
            default.setEnabled(bool(getattr(self.settings, field)))

        button.clicked.connect(choose)
        default.clicked.connect(lambda: self.settings.reset(field))
        self.tie(field, refresh)
        self.row(name, hint, both)
        return path

    def text(self, field: str, name: str, hint: str, placeholder: str) -> QLineEdit:
        """A line of text."""
        edit = QLineEdit()
        edit.setPlaceholderText(placeholder)
        edit.setFixedWidth(_CONTROL_PX)
        edit.editingFinished.connect(lambda: setattr(self.settings, field, edit.text().strip()))
        self.tie(field, lambda: edit.setText(getattr(self.settings, field)))
        self.row(name, hint, edit)
        return edit

"""The chords: one line across the knobs, and inside it at the right what they are by name.

Beside it: whether notes are composed at all.

What is wrong with them stands there as well, beside a sign, and only once a person has finished
typing: half a chord is no mistake. Rejected: a label below the field (it would move what lies below
each time that it comes and goes), and a list of common progressions (a bundle draws those).
"""

from PySide6.QtCore import QEvent, QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QFontMetricsF, QKeyEvent, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QLineEdit, QToolButton, QWidget

from app.model.chords import ChordsRead, read_chords
from app.model.recipe_form import RecipeForm
from app.view.panels.words import COMPOSED_NOTES, COMPOSED_NOTES_TIP, shown_chords, tr
from app.view.theme.theme import Theme, Weight
from app.view.theme.tokens import Size, Space, TypeSize
from app.view.widgets.buttons import IconButton
from app.view.widgets.painting import Align, own_escape, painting
from engine.recipe import NO_NOTES

_ASIDE_SHARE = 0.5  # of the field's width, at most
_SIGN_PX = Size.ICON - 2


class ChordField(QLineEdit):
    """A line of text with a word beside it, muted, or a sentence on what is wrong.

    Signals:
        given_up(): Esc, with something typed since the last Enter.
    """

    given_up = Signal()

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self._aside, self._wrong = "", False
        self.dirty = False  # something was typed since the last Enter
        self.setClearButtonEnabled(True)
        self.setAcceptDrops(False)  # a file dropped here is the window's
        theme.changed.connect(self.update)

    @property
    def wrong(self) -> bool:
        """Whether it says that something is wrong."""
        return self._wrong

    @property
    def aside(self) -> str:
        """What is said beside the text, in full."""
        return self._aside

    def set_aside(self, text: str, *, wrong: bool = False) -> None:
        """Say something beside the text; "" says nothing."""
        if (text, wrong) == (self._aside, self._wrong):
            return
        restyled = wrong != self._wrong
        self._aside, self._wrong = text, wrong
        self.setAccessibleDescription(text)
        if restyled:
            self.setProperty("wrong", wrong)
            self.style().unpolish(self)
            self.style().polish(self)
        self._make_room()
        self.update()

    def event(self, event: QEvent) -> bool:
        """Esc is ours while there is something to take back; then it is the window's."""
        return (self.dirty and own_escape(event)) or super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802
        """Esc takes back what was typed."""
        if event.key() == Qt.Key.Key_Escape and self.dirty:
            self.given_up.emit()
        else:
            super().keyPressEvent(event)

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802
        """Another room for what stands beside."""
        super().resizeEvent(event)
        self._make_room()

    def _metrics(self) -> QFontMetricsF:
        return QFontMetricsF(self._theme.font(TypeSize.BODY, Weight.Medium))

    def _box(self) -> QRectF:
        """Where it is said, the sign with it: left of the clear button."""
        buttons = [button.x() for button in self.findChildren(QToolButton) if button.isVisible()]
        right = min((*buttons, self.width() - Space.SMALL)) - Space.HAIR
        sign_px = _SIGN_PX + Space.HAIR if self._wrong else 0
        wanted = self._metrics().horizontalAdvance(self._aside) + 1 + sign_px
        width = min(wanted, _ASIDE_SHARE * self.width())
        return QRectF(right - width, 0, width, self.height())

    def _make_room(self) -> None:
        room = round(self._box().width()) + Space.LARGE if self._aside else 0
        if self.textMargins().right() != room:
            self.setTextMargins(0, 0, room, 0)

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802
        """The text, and what is said of it."""
        super().paintEvent(event)
        if not self._aside:
            return
        theme, box = self._theme, self._box()
        with painting(self) as painter:
            if self._wrong:
                centre = QPointF(box.left() + _SIGN_PX / 2, box.center().y())
                theme.draw_icon(painter, "warning", centre, tone="danger", size_px=_SIGN_PX)
                box.setLeft(box.left() + _SIGN_PX + Space.HAIR)
            painter.setFont(theme.font(TypeSize.BODY, Weight.Medium))
            painter.setPen(theme.colour("danger" if self._wrong else "muted"))
            text = self._metrics().elidedText(self._aside, Qt.TextElideMode.ElideRight, box.width())
            painter.drawText(box, Align.AlignRight | Align.AlignVCenter, text)


class ChordRow(QWidget):
    """Ties the field to the form's chords, and the button to its notes."""

    def __init__(self, form: RecipeForm, theme: Theme) -> None:
        super().__init__()
        self._form = form
        self._before = ""  # what Esc gives back
        self._read = ChordsRead("")
        self.field = ChordField(theme)
        self.field.setPlaceholderText(self.tr("Drawn for each take"))
        self.field.setAccessibleName(self.tr("Chords"))
        label = QLabel(self.tr("Chords"))
        label.setProperty("role", "caption")
        label.setBuddy(self.field)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(Space.MEDIUM, 0, 0, 0)
        layout.setSpacing(Space.SMALL)
        layout.addWidget(label)
        layout.addWidget(self.field, 1)
        self.notes = IconButton(
            "midi", tr(COMPOSED_NOTES), theme, tr(COMPOSED_NOTES_TIP),
            checkable=True, label=tr(COMPOSED_NOTES), size=Size.SMALL_CONTROL,
        )  # fmt: skip
        layout.addWidget(self.notes)
        self.notes.clicked.connect(self._on_notes)
        self.field.textEdited.connect(self._on_edited)
        self.field.editingFinished.connect(self.settle)
        self.field.given_up.connect(self._give_up)
        form.changed.connect(self._on_form)
        form.recipe_taken.connect(self._show)
        self._show()

    def settle(self) -> None:
        """What was typed is meant: in the short form, or with what is wrong with it."""
        self._put(self._read.short)

    def _on_edited(self, text: str) -> None:
        """The form follows each key: Generate needs no Enter before it."""
        self.field.dirty = True
        self._form.turn("chords", text)

    def _on_notes(self, composed: bool) -> None:
        self._form.turn("notes", "composed" if composed else NO_NOTES)

    def _give_up(self) -> None:
        self._put(self._before)

    def _put(self, text: str) -> None:
        self.field.dirty = False
        if text != self._form.chords:
            self._form.turn("chords", text)
        self._show()

    def _on_form(self, name: str) -> None:
        if name in ("chords", "key", "notes"):
            self._show()

    def _show(self) -> None:
        form, field = self._form, self.field
        self.notes.setChecked(form.notes != NO_NOTES)
        self._read = read = read_chords(form.chords, form.key)
        if field.text() != form.chords:
            field.setText(form.chords)
            field.dirty = False
        if not field.dirty:
            self._before = form.chords
        problem = None if field.dirty and not field.wrong else read.problem
        if problem is not None:
            field.set_aside(problem.why, wrong=True)
        else:
            field.set_aside(shown_chords(read.names))
        said = "" if problem is None else f"\n\n{problem}"
        named = f"\n\n{shown_chords(read.names)}" if read.names else ""
        if not field.hasFocus():
            field.home(False)  # of a long text its start is seen
        field.setToolTip(self._tip() + (said or named))

    def _tip(self) -> str:
        return self.tr(
            "The harmony, a bar for each chord, again and again to the end.\n"
            "Empty: each take draws its own, as the genre has them.\n"
            "Write names or, with a key, numerals:\n"
            "Am F C G\n"
            "i bVI bIII bVII\n"
            "| Dm7 G7 | C |\n"
            "none: no harmony is asked for, as for drums alone"
        )

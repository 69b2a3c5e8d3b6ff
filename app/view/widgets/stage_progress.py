"""How far a render is: one segment per stage, steps in figures, and the time left."""

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from app.view.theme.theme import Theme, Weight
from app.view.theme.tokens import Space, TypeSize
from app.view.widgets.painting import Align, fill_round, painting


@dataclass(frozen=True)
class Segment:
    """One stage: its name as shown, and steps done of steps."""

    name: str
    step: int
    steps: int

    @property
    def fraction(self) -> float:
        """0–1."""
        return self.step / self.steps if self.steps else 0.0


def spoken_duration(seconds: float) -> str:
    """About how long: "3 s", "1 min 20 s"."""
    if seconds < 9.5:
        return f"{max(seconds, 0.1):.1f} s" if seconds < 3 else f"{seconds:.0f} s"
    if seconds < 60:
        return f"{seconds:.0f} s"
    minutes, rest = divmod(round(seconds / 5) * 5, 60)
    return f"{minutes} min {rest} s" if rest else f"{minutes} min"


class StageProgress(QWidget):
    """Segments of equal width with a bar under each name; the time left at the right."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._segments: tuple[Segment, ...] = ()
        self._note = ""
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName(self.tr("Progress"))
        theme.changed.connect(self.update)

    def set_progress(self, segments: Sequence[Segment], note: str) -> None:
        """Show stages and, at the right, a note such as the time left."""
        new = (tuple(segments), note)
        if new != (self._segments, self._note):
            self._segments, self._note = new
            parts = [f"{s.name} {s.step}/{s.steps}" for s in self._segments if s.steps]
            self.setAccessibleDescription(", ".join([*parts, note]))
            self.update()

    def sizeHint(self) -> QSize:  # noqa: N802
        """One line and a bar."""
        return QSize(320, 28)

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802
        """Names, figures, bars."""
        if not self._segments and not self._note:
            return
        theme = self._theme
        with painting(self) as painter:
            note_px = 0
            if self._note:
                painter.setFont(theme.font(TypeSize.BODY, Weight.Medium))
                note_px = painter.fontMetrics().horizontalAdvance(self._note) + Space.LARGE
                painter.setPen(theme.colour("text"))
                rect = QRectF(self.rect())
                painter.drawText(rect, Align.AlignRight | Align.AlignVCenter, self._note)
            count = max(len(self._segments), 1)
            width = (self.width() - note_px - (count - 1) * Space.SMALL) / count
            for number, segment in enumerate(self._segments):
                x = number * (width + Space.SMALL)
                running = 0 < segment.step < segment.steps
                painter.setFont(
                    theme.font(TypeSize.CAPTION, Weight.Medium if running else Weight.Normal)
                )
                painter.setPen(theme.colour("text" if running else "muted"))
                line = QRectF(x, 2, width, 14)
                painter.drawText(line, Align.AlignLeft | Align.AlignVCenter, segment.name)
                if segment.step:
                    done = (
                        "✓" if segment.step == segment.steps else f"{segment.step}/{segment.steps}"
                    )
                    painter.drawText(line, Align.AlignRight | Align.AlignVCenter, done)
                groove = QRectF(x, 19, width, 4)
                fill_round(painter, groove, theme.colour("line"), radius_px=2)
                if segment.step:
                    fill = QRectF(x, 19, max(4.0, width * segment.fraction), 4)
                    painter.setPen(Qt.PenStyle.NoPen)
                    fill_round(painter, fill, theme.colour("accent"), radius_px=2)

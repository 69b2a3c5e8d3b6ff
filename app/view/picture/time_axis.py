"""The time line that spectrogram, waveform and ruler share: what is seen, played, chosen.

Rejected: a view state in each widget (zooming one would leave the others behind).
"""

from typing import Final

from PySide6.QtCore import QObject, Signal

from engine.music.meter import seconds_per_bar

SHORTEST_S: Final = 0.05
Region = tuple[float, float]


class TimeAxis(QObject):
    """Times in seconds on a clip of `length_s`.

    Signals:
        changed(): anything of it. playhead_moved(): only the playhead.
        seek_asked(float), region_asked(object): what a person wants; (start, end) or None.
    """

    changed = Signal()
    playhead_moved = Signal()
    seek_asked = Signal(float)
    region_asked = Signal(object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.length_s = 10.0
        self.start_s, self.end_s = 0.0, 10.0
        self.playhead_s = 0.0
        self.region: Region | None = None
        self.bpm: float | None = None
        self.meter = "4/4"

    # ── what it shows ─────────────────────────────────────────────────────────────────────

    def set_clip(self, length_s: float, bpm: float | None, meter: str) -> None:
        """Another clip; the whole of it is shown when its length differs."""
        if abs(length_s - self.length_s) > 0.005:
            self.length_s = max(length_s, SHORTEST_S)
            self.start_s, self.end_s = 0.0, self.length_s
            self.region = None
            self.playhead_s = min(self.playhead_s, self.length_s)
        self.bpm, self.meter = bpm, meter
        self.changed.emit()

    def set_playhead(self, playhead_s: float) -> None:
        """Move the playhead; when zoomed in, the view follows by pages."""
        self.playhead_s = playhead_s
        span = self.end_s - self.start_s
        if span < self.length_s and not self.start_s <= playhead_s <= self.end_s:
            self.show(playhead_s - 0.05 * span, span)
        self.playhead_moved.emit()

    def set_region(self, region: Region | None) -> None:
        """Show a selection."""
        if region != self.region:
            self.region = region
            self.changed.emit()

    @property
    def view(self) -> tuple[object, ...]:
        """What a picture on this time line depends on; not the playhead and the selection."""
        return self.start_s, self.end_s, self.length_s, self.bpm, self.meter

    # ── moving about ──────────────────────────────────────────────────────────────────────

    def show(self, start_s: float, span_s: float) -> None:
        """Show `span_s` from `start_s` on, kept inside the clip."""
        span_s = min(max(span_s, SHORTEST_S), self.length_s)
        start_s = min(max(start_s, 0.0), self.length_s - span_s)
        self.start_s, self.end_s = start_s, start_s + span_s
        self.changed.emit()

    def zoom_by(self, factor: float, around_s: float) -> None:
        """Larger for factors above 1; `around_s` stays where it is."""
        span = self.end_s - self.start_s
        new = min(max(span / factor, SHORTEST_S), self.length_s)
        self.show(around_s - (around_s - self.start_s) * new / span, new)

    def pan_by(self, share: float) -> None:
        """Move by a share of what is seen."""
        span = self.end_s - self.start_s
        self.show(self.start_s + share * span, span)

    def show_all(self) -> None:
        """The whole clip."""
        self.show(0.0, self.length_s)

    def x_of(self, time_s: float, width_px: float) -> float:
        """Pixel of a time."""
        return (time_s - self.start_s) / (self.end_s - self.start_s) * width_px

    def time_at(self, x_px: float, width_px: float) -> float:
        """Time at a pixel, inside the clip."""
        time_s = self.start_s + x_px / max(width_px, 1) * (self.end_s - self.start_s)
        return min(max(time_s, 0.0), self.length_s)

    # ── the grid ──────────────────────────────────────────────────────────────────────────

    @property
    def bar_s(self) -> float | None:
        """Length of a bar; None in free tempo."""
        return None if self.bpm is None else seconds_per_bar(self.bpm, self.meter)

    @property
    def beat_s(self) -> float | None:
        """Length of a written beat (a quarter in 4/4, an eighth in 7/8)."""
        bar_s = self.bar_s
        return None if bar_s is None else bar_s / int(self.meter.split("/")[0])

    def snapped(self, time_s: float) -> float:
        """The nearest beat (or the time itself in free tempo)."""
        beat_s = self.beat_s
        if beat_s is None:
            return time_s
        return min(round(time_s / beat_s) * beat_s, self.length_s)

    def position_text(self, time_s: float) -> str:
        """Bar, beat and hundredths as DAWs count ("2.3.50"); seconds in free tempo."""
        bar_s, beat_s = self.bar_s, self.beat_s
        if bar_s is None or beat_s is None:
            return f"{time_s:.2f} s"
        bar, rest = divmod(time_s + 1e-9, bar_s)
        beat, part = divmod(rest, beat_s)
        return f"{bar + 1:.0f}.{beat + 1:.0f}.{int(100 * part / beat_s):02d}"

    def grid(self, width_px: float) -> list[tuple[float, str]]:
        """(x, label) of each grid line that is seen: bars with their number, beats without."""
        bar_s, beat_s = self.bar_s, self.beat_s
        if bar_s is None or beat_s is None:
            return self._seconds_grid(width_px)
        pixels_per_s = width_px / (self.end_s - self.start_s)
        every = next((n for n in (1, 2, 4, 8, 16, 32) if n * bar_s * pixels_per_s >= 36), 64)
        beats = int(self.meter.split("/")[0])
        lines = []
        show_beats = beat_s * pixels_per_s >= 12
        first = int(self.start_s // bar_s)
        for bar in range(first, int(self.end_s / bar_s + 1e-6) + 1):
            x = self.x_of(bar * bar_s, width_px)
            lines.append((x, str(bar + 1) if bar % every == 0 else " "))
            if show_beats:
                lines += [(x + k * beat_s * pixels_per_s, "") for k in range(1, beats)]
        end = self.x_of(self.length_s, width_px)
        return [(x, label) for x, label in lines if -40 <= x <= min(width_px, end) - 1]

    def _seconds_grid(self, width_px: float) -> list[tuple[float, str]]:
        pixels_per_s = width_px / (self.end_s - self.start_s)
        steps = (0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10)
        step = next((s for s in steps if s * pixels_per_s >= 56), 10)
        count = int(self.end_s / step) + 1
        first = int(self.start_s / step)
        return [
            (self.x_of(k * step, width_px), f"{k * step:g} s")
            for k in range(first, count)
            if k * step < self.length_s
        ]

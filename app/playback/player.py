"""The transport: what a widget plays, stops, seeks and loops.

It holds what was asked for, tells the audio process all of it in one message whenever something
changes, and shows what that process reports. The process may end at any time: everything is told
anew to the next one, from the position that the playhead has reached meanwhile.
"""

import time
from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np
from PySide6.QtCore import QObject, Qt, QTimer, Signal

from app.playback import messages as m
from app.playback.asked import Asked
from app.playback.hosting.child import Child, host_command
from app.playback.playhead import Playhead
from app.playback.sound import SILENCE, Levels, OutputDevice, Sound
from app.translate import translated

SLOTS: Final = 4
_SMALLEST_REGION_S: Final = 0.01
_FRAME_MS: Final = 16
_CALM_SHORT_LIVES: Final = 5  # the audio process may end this often in a row before it is mentioned
_STALE_S: Final = 1.0  # a report older than this is no news


class Player(QObject):
    """Plays up to four takes (or one clip) on one timeline.

    Positions are seconds on that timeline. Every method returns at once. `playing`, `take` and the
    rest say what was asked; `position_s` and the levels say what is heard.

    Signals:
        takes_changed(): the set of playable takes changed.
        take_changed(int): another take was selected (its index).
        playing_changed(bool): transport started or stopped (the end of a one-shot stops it).
        position_changed(float): the playhead as heard, ≤ 60 Hz while playing, and once per seek.
        loop_changed(bool), level_match_changed(bool).
        region_changed(object): (start_s, end_s) or None.
        levels_changed(object): a `Levels`, ≤ 30 Hz while anything sounds.
        volume_changed(float), muted_changed(bool).
        devices_changed(object): tuple of `OutputDevice`.
        output_changed(str): the device that plays, as a person would call it; "" is none.
        trouble_changed(str): one calm line, or "" when all is well.
    """

    takes_changed = Signal()
    take_changed = Signal(int)
    playing_changed = Signal(bool)
    position_changed = Signal(float)
    loop_changed = Signal(bool)
    level_match_changed = Signal(bool)
    region_changed = Signal(object)
    levels_changed = Signal(object)
    volume_changed = Signal(float)
    muted_changed = Signal(bool)
    devices_changed = Signal(object)
    output_changed = Signal(str)
    trouble_changed = Signal(str)

    def __init__(self, parent: QObject | None = None, *, child: Child | None = None) -> None:
        super().__init__(parent)
        self._child = child or Child(host_command("app.playback.host"), m.FromHost, self)
        self._child.up.connect(self._tell_everything)
        self._child.received.connect(self._receive)
        self._child.down.connect(self._lost)
        self._asked = Asked()
        self._device = self._output = self._trouble = ""
        self._devices: tuple[OutputDevice, ...] = ()
        self._levels = SILENCE
        self._playhead = Playhead()
        self._frame = QTimer(self, interval=_FRAME_MS, timerType=Qt.TimerType.PreciseTimer)
        self._frame.timeout.connect(lambda: self.position_changed.emit(self.position_s))

    # ── life ────────────────────────────────────────────────────────────────────────────

    def start(self) -> None:
        """Open the sound device, in the background. Before it, everything works but is silent."""
        self._child.start()

    def shutdown(self) -> None:
        """End the audio process. Call before the application quits."""
        self._frame.stop()
        self._child.stop()

    # ── what is played ──────────────────────────────────────────────────────────────────

    def set_take(self, index: int, sound: Sound) -> None:
        """Put a sound under one of the keys 1–4 (index 0–3); the others stay.

        Raises:
            ValueError: there is no such key.
        """
        if not 0 <= index < SLOTS:
            msg = f"there is no take {index}"
            raise ValueError(msg)
        self._put(index, sound)
        if self._asked.take not in self._asked.sounds:
            self._select(index)
        self._arrange()
        self.takes_changed.emit()

    def set_takes(self, sounds: Mapping[int, Sound] | Sequence[Sound]) -> None:
        """Replace all takes. Playing goes on at the same position if the selected one is there."""
        wanted = dict(sounds) if isinstance(sounds, Mapping) else dict(enumerate(sounds))
        if not all(0 <= index < SLOTS for index in wanted):
            msg = f"there are no takes {sorted(wanted)}"
            raise ValueError(msg)
        for index in tuple(self._asked.sounds):
            if index not in wanted:
                self._drop(index)
        for index, sound in wanted.items():
            if self._asked.sounds.get(index) is not sound:
                self._put(index, sound)
        if not wanted:
            self._halt(0.0)
        elif self._asked.take not in wanted:
            self._select(min(wanted))
        self._arrange()
        self.takes_changed.emit()

    def clear(self) -> None:
        """Stop and forget all takes."""
        self.set_takes({})

    @property
    def takes(self) -> tuple[int, ...]:
        """Indices of the takes that can be heard."""
        return tuple(sorted(self._asked.sounds))

    @property
    def take(self) -> int:
        """Index of the selected take."""
        return self._asked.take

    def select_take(self, index: int) -> None:
        """Hear another take from the same position, crossfaded. An empty one is ignored."""
        if index in self._asked.sounds and index != self._asked.take:
            self._select(index)
            self._arrange()

    @property
    def duration_s(self) -> float:
        """Length of the selected take; 0.0 without one."""
        return self._asked.duration_s

    @property
    def level_match(self) -> bool:
        """Whether takes are brought to the same loudness (on from the start)."""
        return self._asked.level_match

    def set_level_match(self, on: bool) -> None:
        """Switch the level match."""
        if on != self._asked.level_match:
            self._asked.level_match = on
            self._arrange()
            self.level_match_changed.emit(on)

    # ── transport ───────────────────────────────────────────────────────────────────────

    @property
    def playing(self) -> bool:
        """Whether the transport runs."""
        return self._asked.playing

    @property
    def position_s(self) -> float:
        """The playhead as heard now (device latency taken off); fit for every paint event."""
        return self._playhead.at(time.perf_counter())

    def play(self) -> None:
        """Play from the playhead, or from the start where nothing is left to play."""
        if self._asked.playing or not self._asked.sounds:
            return
        start, end = self._asked.span
        if not start <= self.position_s < end - _SMALLEST_REGION_S:
            self._seek_to(start)
        self._set_playing(True)
        self._arrange()

    def pause(self) -> None:
        """Stop and keep the playhead."""
        if self._asked.playing:
            self._halt(self.position_s)
            self._arrange()

    def toggle(self) -> None:
        """Play or pause: the space bar."""
        if self._asked.playing:
            self.pause()
        else:
            self.play()

    def stop(self) -> None:
        """Stop and go to the start (of the region, if there is one)."""
        self._halt(self._asked.span[0])
        self._arrange()

    def seek(self, position_s: float) -> None:
        """Move the playhead, playing or not."""
        self._seek_to(max(0.0, min(position_s, self.duration_s)))
        self._arrange()

    @property
    def loop(self) -> bool:
        """Whether playing wraps at the end of the region, or of the take."""
        return self._asked.loop

    def set_loop(self, on: bool) -> None:
        """Switch looping."""
        if on != self._asked.loop:
            self._asked.loop = on
            self._arrange()
            self.loop_changed.emit(on)

    @property
    def region(self) -> tuple[float, float] | None:
        """(start_s, end_s) of what is played, None for all."""
        return self._asked.region

    def set_region(self, region: tuple[float, float] | None) -> None:
        """Play only this part; None plays all. Under 10 ms is None."""
        if region is not None:
            start, end = max(0.0, min(region)), max(region)
            region = (start, end) if end - start >= _SMALLEST_REGION_S else None
        if region == self._asked.region:
            return
        self._asked.region = region
        start, end = self._asked.span
        if self._asked.playing and not self._asked.loop and self.position_s >= end:
            self._seek_to(start)
        self._arrange()
        self.region_changed.emit(region)

    # ── output ──────────────────────────────────────────────────────────────────────────

    @property
    def volume(self) -> float:
        """Listening volume, 0–1, as a fader's position (cubic: 0.5 is −18 dB)."""
        return self._asked.volume

    def set_volume(self, volume: float) -> None:
        """Set the fader, 0–1."""
        volume = max(0.0, min(1.0, volume))
        if volume != self._asked.volume:
            self._asked.volume = volume
            self._arrange()
            self.volume_changed.emit(volume)

    @property
    def muted(self) -> bool:
        """Whether nothing is heard."""
        return self._asked.muted

    def set_muted(self, on: bool) -> None:
        """Mute or unmute."""
        if on != self._asked.muted:
            self._asked.muted = on
            self._arrange()
            self.muted_changed.emit(on)

    @property
    def levels(self) -> Levels:
        """The last levels."""
        return self._levels

    def reset_hold(self) -> None:
        """Drop the held peaks (a click on the meter)."""
        self._child.send(m.ResetHold())

    @property
    def devices(self) -> tuple[OutputDevice, ...]:
        """Devices that can play, as last seen."""
        return self._devices

    @property
    def device(self) -> str:
        """Id of the chosen device; "" follows the system."""
        return self._device

    def set_device(self, device_id: str) -> None:
        """Choose a device by id; "" follows the system.

        One that is away is taken up when it returns; until then the system's default plays.
        """
        if device_id != self._device:
            self._device = device_id
            self._child.send(m.UseDevice(device=device_id))

    def refresh_devices(self) -> None:
        """Look for devices now (when the settings open). While playing, the list stays as it is."""
        self._child.send(m.Refresh())

    @property
    def output(self) -> str:
        """The device that plays, as a person would call it; "" is none."""
        return self._output

    @property
    def trouble(self) -> str:
        """One calm line about the sound output, or ""."""
        return self._trouble

    # ── what was asked ──────────────────────────────────────────────────────────────────

    def _put(self, index: int, sound: Sound) -> None:
        self._asked.put(index, sound)
        self._load(index)

    def _load(self, index: int) -> None:
        sound = self._asked.sounds[index]
        self._child.send(
            m.Load(slot=index, rate_hz=sound.rate_hz, periodic=sound.periodic),
            np.ascontiguousarray(sound.audio).tobytes(),
        )

    def _drop(self, index: int) -> None:
        self._asked.drop(index)
        self._child.send(m.Drop(slot=index))

    def _select(self, index: int) -> None:
        if index != self._asked.take:
            self._asked.take = index
            self.take_changed.emit(index)

    def _set_playing(self, on: bool) -> None:
        if on == self._asked.playing:
            return
        now = time.perf_counter()
        # nothing moves before it is heard; without an audio process, time itself plays
        self._playhead.put(self._playhead.at(now), now, moving=on and not self._child.running)
        self._asked.playing = on
        if on:
            self._frame.start()
        else:
            self._frame.stop()
        self.playing_changed.emit(on)

    def _seek_to(self, position_s: float) -> None:
        self._asked.seek(position_s)
        moving = self._asked.playing and not self._child.running
        self._playhead.put(position_s, time.perf_counter(), moving=moving)
        self.position_changed.emit(position_s)

    def _halt(self, position_s: float) -> None:
        self._set_playing(False)
        self._seek_to(position_s)

    def _arrange(self) -> None:
        """Tell the audio process the state of the transport."""
        span = self._asked.span
        self._playhead.set_span(wrap=span if self._asked.loop else None, end_s=span[1])
        self._child.send(self._asked.message())

    # ── the audio process ───────────────────────────────────────────────────────────────

    def _tell_everything(self) -> None:
        """A new process knows nothing: begin where the playhead is."""
        self._child.send(m.UseDevice(device=self._device))
        for index in self._asked.sounds:
            self._load(index)
        self._asked.seek(self.position_s)
        self._arrange()

    def _lost(self, _status: int) -> None:
        """The process ended; the playhead goes on in silence until the next one is there."""
        now = time.perf_counter()
        self._playhead.put(self._playhead.at(now), now, moving=self._asked.playing)
        self._set_output("")
        if self._child.short_lives >= _CALM_SHORT_LIVES:
            self._set_trouble(
                self.tr("The sound device keeps failing: choose another one in the settings")
            )
        self._show_levels(SILENCE)

    def _receive(self, message: object, _blob: object) -> None:
        match message:
            case m.Report():
                self._report(message)
            case m.Meters():
                self._show_levels(m.levels(message))
            case m.Devices():
                self._list(message)
            case m.Lost():
                went = self.tr("{0} went away: looking for a sound device")
                self._set_trouble(went.format(message.device))

    def _report(self, report: m.Report) -> None:
        if report.serial != self._asked.serial:
            return  # about what was asked before
        now = time.perf_counter()
        at_s = report.at_s if 0 <= now - report.at_s < _STALE_S else now
        if report.ended and self._asked.playing:
            self._halt(self._asked.span[0])
            self._arrange()
        elif self._asked.playing == report.moving:  # else it has not yet done what was asked
            self._playhead.report(report.position_s, at_s, now, moving=report.moving)

    def _list(self, message: m.Devices) -> None:
        if message.devices != self._devices:
            self._devices = message.devices
            self.devices_changed.emit(message.devices)
        names = {device.id: device.name for device in message.devices}
        self._set_output(names.get(message.current, ""))
        self._set_trouble(translated("sound", message.trouble))

    def _show_levels(self, levels: Levels) -> None:
        self._levels = levels
        self.levels_changed.emit(levels)

    def _set_output(self, name: str) -> None:
        if name != self._output:
            self._output = name
            self.output_changed.emit(name)

    def _set_trouble(self, line: str) -> None:
        if line != self._trouble:
            self._trouble = line
            self.trouble_changed.emit(line)

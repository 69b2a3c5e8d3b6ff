"""The audio process without its process: the test is the sound card and the clock."""

import numpy as np
import pytest
from numpy.typing import NDArray

from app.playback import messages as m
from app.playback.host import AudioHost
from app.playback.output import IDLE_CLOSE_S, DeviceLostError
from app.playback.resample import to_rate
from tests.app.playback.fakes import FakeSilence, FakeSound, device

SPEAKERS, HEADPHONES = device("speakers", default=True), device("headphones")


class Desk:
    """A host with a clock that stands still."""

    def __init__(self, backend: FakeSound) -> None:
        self.backend = backend
        self.sent: list[object] = []
        self.silence: list[FakeSilence] = []
        self.serial = 0
        self.now_s = 1e6
        self.host = AudioHost(
            backend,
            self.sent.append,
            run=lambda task: task(),
            deliver=lambda task: task(),
            silent=self.make_silence,
            clock=lambda: self.now_s,
        )

    def make_silence(self, callback: object) -> FakeSilence:
        self.silence.append(FakeSilence(callback))  # type: ignore[arg-type]
        return self.silence[-1]

    def load(
        self, slot: int, audio: NDArray[np.float32], rate_hz: int, periodic: bool = False
    ) -> None:
        message = m.Load(slot=slot, rate_hz=rate_hz, periodic=periodic)
        self.host.handle(message, memoryview(audio.tobytes()), self.now_s)

    def use(self, name: str = "") -> None:
        self.host.handle(m.UseDevice(device=name), memoryview(b""), self.now_s)

    def arrange(self, **changes: object) -> None:
        self.serial += 1
        state: dict[str, object] = {
            "serial": self.serial, "playing": True, "slot": 0, "seek_serial": 1, "seek_s": 0.0,
            "loop": False, "region_s": None, "gains": {}, "volume": 1.0,
        }  # fmt: skip
        self.host.handle(m.Arrange(**(state | changes)), memoryview(b""), self.now_s)  # type: ignore[arg-type]

    def tick(self, seconds: float = 0.1) -> None:
        self.now_s += seconds
        self.host.tick(self.now_s)

    def last(self, kind: type) -> object:
        return next(message for message in reversed(self.sent) if isinstance(message, kind))


def noise(frames: int, seed: int = 0) -> NDArray[np.float32]:
    audio = np.random.default_rng(seed).uniform(-0.5, 0.5, (frames, 2)).astype(np.float32)
    audio[0] = audio[-1] = 0
    return audio


@pytest.mark.parametrize("rate_hz", [16_000, 24_000, 44_100, 48_000])
def test_what_plays_is_the_clip_at_the_devices_rate(rate_hz: int) -> None:
    desk = Desk(FakeSound(SPEAKERS))
    desk.use()
    clip = noise(rate_hz // 4)
    desk.load(0, clip, rate_hz, periodic=True)
    desk.arrange(loop=True)
    expected = to_rate(clip, rate_hz, 48_000, periodic=True)
    out = desk.backend.streams[0].play(30_000)
    assert np.array_equal(out[48:], np.take(expected, np.arange(48, 30_000), axis=0, mode="wrap"))


def test_the_takes_are_level_matched() -> None:
    desk = Desk(FakeSound(SPEAKERS))
    desk.use()
    desk.load(0, noise(48_000, 1), 48_000)
    desk.load(1, noise(48_000, 2), 48_000)
    desk.arrange(gains={0: 0.5, 1: 1.0})
    stream = desk.backend.streams[0]
    assert np.array_equal(stream.play(1000), noise(48_000, 1)[:1000] * np.float32(0.5))
    desk.arrange(gains={0: 0.5, 1: 1.0}, slot=1)
    assert np.array_equal(stream.play(1000)[240:], noise(48_000, 2)[1240:2000])


def test_playing_waits_for_a_conversion() -> None:
    desk = Desk(FakeSound(SPEAKERS))
    desk.use()
    desk.arrange(seek_s=0.1, seek_serial=5)
    stream = desk.backend.streams[0]
    assert not stream.play(1000).any()
    desk.load(0, noise(48_000), 48_000)
    assert np.array_equal(stream.play(1000)[48:], noise(48_000)[4848:5800])


def test_no_sound_system_is_a_calm_line_and_a_moving_playhead() -> None:
    desk = Desk(FakeSound())
    desk.backend.absent = True
    desk.use()
    told = desk.last(m.Devices)
    assert isinstance(told, m.Devices)
    assert (told.devices, told.current) == ((), "")
    assert str(told.trouble).startswith("No sound device")
    desk.load(0, noise(48_000), 48_000)
    desk.arrange()
    scratch = np.zeros((4800, 2), np.float32)
    desk.silence[-1].callback(scratch, 0.0)
    desk.tick()
    report = desk.last(m.Report)
    assert isinstance(report, m.Report)
    assert report.moving
    assert report.position_s == pytest.approx(0.1)
    assert isinstance(desk.last(m.Meters), m.Meters)


def test_a_device_that_appears_is_taken_up() -> None:
    desk = Desk(FakeSound())
    desk.use()
    desk.backend.there.append(SPEAKERS)
    desk.tick(1.1)
    told = desk.last(m.Devices)
    assert isinstance(told, m.Devices)
    assert (told.current, str(told.trouble)) == (SPEAKERS.id, "")
    assert len(desk.backend.streams) == 1


def test_a_device_that_does_not_open_is_passed_over() -> None:
    desk = Desk(FakeSound(SPEAKERS, HEADPHONES))
    desk.backend.broken.add(SPEAKERS.id)
    desk.use()
    told = desk.last(m.Devices)
    assert isinstance(told, m.Devices)
    assert told.current == HEADPHONES.id
    desk.backend.broken.add(HEADPHONES.id)
    desk.use()
    told = desk.last(m.Devices)
    assert isinstance(told, m.Devices)
    assert told.current == ""
    assert "close the program" in str(told.trouble)


def test_the_chosen_device_is_replaced_while_it_is_away_and_taken_up_again() -> None:
    desk = Desk(FakeSound(SPEAKERS))
    desk.use(HEADPHONES.id)
    told = desk.last(m.Devices)
    assert isinstance(told, m.Devices)
    assert told.current == SPEAKERS.id
    assert str(told.trouble) == "headphones is not there: playing through speakers until it returns"
    desk.backend.there.append(HEADPHONES)
    desk.now_s += 3.1
    desk.backend.streams[0].play(512)
    desk.tick()
    told = desk.last(m.Devices)
    assert isinstance(told, m.Devices)
    assert (told.current, str(told.trouble)) == (HEADPHONES.id, "")


@pytest.mark.parametrize("how", ["ends", "stalls"])
def test_a_lost_device_ends_the_process(how: str) -> None:
    desk = Desk(FakeSound(SPEAKERS))
    desk.use()
    desk.tick(0.5)
    desk.backend.streams[0].ended = how == "ends"
    with pytest.raises(DeviceLostError):
        desk.tick(0.1 if how == "ends" else 1.1)
    assert desk.last(m.Lost) == m.Lost(device="speakers")


def test_after_a_while_of_silence_the_stream_is_closed_and_new_devices_are_seen() -> None:
    desk = Desk(FakeSound(SPEAKERS))
    desk.use()
    desk.load(0, noise(48_000), 48_000)
    desk.now_s += IDLE_CLOSE_S
    desk.backend.streams[0].play(512)
    desk.tick(0.5)
    assert desk.backend.streams == []
    desk.backend.there.insert(0, HEADPHONES)
    desk.tick(3.1)
    told = desk.last(m.Devices)
    assert isinstance(told, m.Devices)
    assert len(told.devices) == 2
    assert desk.backend.streams == []
    desk.arrange()
    assert np.array_equal(desk.backend.streams[0].play(1000), noise(48_000)[:1000])


def test_another_rate_keeps_the_position() -> None:
    desk = Desk(FakeSound(SPEAKERS, HEADPHONES))
    desk.backend.rates[HEADPHONES.id] = 44_100
    desk.use()
    audio = noise(48_000)
    desk.load(0, audio, 48_000, periodic=True)
    desk.arrange(loop=True)
    desk.backend.streams[0].play(24_000)
    desk.now_s += 1.0  # all of it is heard
    desk.use(HEADPHONES.id)
    expected = to_rate(audio, 48_000, 44_100, periodic=True)
    out = desk.backend.streams[0].play(4000)
    at = round(0.5 * 44_100)
    assert np.array_equal(out[44:], expected[at + 44 : at + 4000])


def test_the_end_of_a_clip_is_reported() -> None:
    desk = Desk(FakeSound(SPEAKERS))
    desk.use()
    desk.load(0, noise(1000), 48_000)
    desk.arrange()
    desk.backend.streams[0].play(4096)
    desk.tick()
    report = desk.last(m.Report)
    assert isinstance(report, m.Report)
    assert (report.serial, report.moving, report.ended) == (1, False, True)


def test_meters_tell_what_is_heard_and_then_rest() -> None:
    desk = Desk(FakeSound(SPEAKERS))
    desk.use()
    wave = 0.5 * np.sin(2 * np.pi * 997 * np.arange(48_000) / 48_000)
    desk.load(0, np.stack([wave, wave], axis=1).astype(np.float32), 48_000)
    desk.arrange()
    for _ in range(10):
        desk.backend.streams[0].play(4096)
        desk.tick(0.085)
    meters = desk.last(m.Meters)
    assert isinstance(meters, m.Meters)
    assert meters.momentary_lufs == pytest.approx(-6.02, abs=0.1)
    assert meters.peak_db[0] == pytest.approx(-6.02, abs=0.05)
    desk.arrange(playing=False)
    for _ in range(90):
        desk.backend.streams[0].play(4096)
        desk.tick(0.085)
    count = len(desk.sent)
    last = desk.last(m.Meters)
    assert isinstance(last, m.Meters)
    assert (last.momentary_lufs, last.peak_db) == (None, (None, None))
    desk.backend.streams[0].play(4096)
    desk.tick(0.085)
    assert len(desk.sent) == count  # at rest, nothing is sent

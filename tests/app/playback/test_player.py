"""The player as widgets use it, with the test as the audio process."""

import numpy as np
import pytest
from PySide6.QtCore import QCoreApplication

from app.playback import messages as m
from app.playback.player import Player
from app.playback.sound import Levels, OutputDevice, Sound
from tests.app.playback.fakes import FakeChild


def sound(seconds: float = 2.0, level: float = 0.5, lufs: float | None = None) -> Sound:
    audio = np.full((round(seconds * 16_000), 2), level, np.float32)
    return Sound(audio=audio, rate_hz=16_000, periodic=True, loudness_lufs=lufs)


@pytest.fixture
def child(qt: QCoreApplication) -> FakeChild:
    return FakeChild()


@pytest.fixture
def player(child: FakeChild) -> Player:
    made = Player(child=child)  # type: ignore[arg-type] # a stand-in with the same signals
    made.start()
    return made


def arranged(child: FakeChild) -> m.Arrange:
    message = child.last(m.Arrange)
    assert isinstance(message, m.Arrange)
    return message


def report(child: FakeChild, position_s: float, **changes: object) -> None:
    state = {
        "serial": arranged(child).serial, "slot": 0, "position_s": position_s, "at_s": 0.0,
        "moving": True, "ended": False,
    }  # fmt: skip
    child.say(m.Report(**(state | changes)))  # type: ignore[arg-type]


def test_a_take_is_sent_as_it_is(player: Player, child: FakeChild) -> None:
    take = sound()
    player.set_take(2, take)
    load, blob = next(pair for pair in child.sent if isinstance(pair[0], m.Load))
    assert load == m.Load(slot=2, rate_hz=16_000, periodic=True)
    assert np.array_equal(np.frombuffer(blob, np.float32).reshape(-1, 2), take.audio)
    assert (player.take, player.takes, player.duration_s) == (2, (2,), 2.0)


def test_nothing_plays_without_a_take(player: Player) -> None:
    player.toggle()
    assert not player.playing


def test_takes_are_switched_at_the_same_position_and_level_matched(
    player: Player, child: FakeChild
) -> None:
    player.set_takes([sound(lufs=-14.0), sound(lufs=-20.0)])
    player.play()
    before = arranged(child)
    player.select_take(1)
    after = arranged(child)
    assert (after.slot, after.seek_serial) == (1, before.seek_serial)
    assert after.gains == pytest.approx({0: 10 ** (-6 / 20), 1: 1.0})
    player.select_take(3)  # empty
    assert player.take == 1
    player.set_level_match(False)
    assert arranged(child).gains == {0: 1.0, 1: 1.0}


def test_a_draft_above_full_scale_is_turned_down_before_the_match(
    player: Player, child: FakeChild
) -> None:
    safe = 10 ** (-0.3 / 20)
    player.set_takes([sound(level=2.0, lufs=-8.0), sound(lufs=-16.0)])
    quiet_db = -16.0 - (-8.0 + 20 * np.log10(safe / 2))  # the loud one, as it may be heard at most
    expected = {0: safe / 2 * 10 ** (quiet_db / 20), 1: 1.0}
    assert arranged(child).gains == pytest.approx(expected)
    player.set_level_match(False)
    assert arranged(child).gains == pytest.approx({0: safe / 2, 1: 1.0})


def test_the_playhead_waits_for_the_sound_and_moves_with_it(
    player: Player, child: FakeChild
) -> None:
    player.set_takes([sound(60.0)])
    player.play()
    assert player.position_s == 0.0
    report(child, 1.0)
    assert 1.0 <= player.position_s < 3.0
    serial = arranged(child).serial
    player.seek(30.0)
    assert player.position_s == 30.0
    report(child, 1.2, serial=serial)  # the device still plays what was before
    assert player.position_s == 30.0
    report(child, 30.1)
    assert 30.1 <= player.position_s < 33.0


def test_pause_keeps_and_stop_rewinds(player: Player, child: FakeChild) -> None:
    player.set_takes([sound(60.0)])
    player.play()
    report(child, 5.0)
    player.pause()
    assert 5.0 <= player.position_s < 8.0
    assert arranged(child).seek_s == player.position_s
    assert not arranged(child).playing
    player.set_region((2.0, 4.0))
    player.stop()
    assert player.position_s == 2.0


def test_the_end_stops_and_rewinds(player: Player, child: FakeChild) -> None:
    heard: list[bool] = []
    player.playing_changed.connect(heard.append)
    player.set_takes([sound()])
    player.play()
    report(child, 2.0, moving=False, ended=True)
    assert heard == [True, False]
    assert player.position_s == 0.0


def test_a_region_is_played_from_its_start(player: Player, child: FakeChild) -> None:
    player.set_takes([sound(10.0)])
    player.set_region((6.0, 4.0))
    assert player.region == (4.0, 6.0)
    player.play()
    assert arranged(child).seek_s == 4.0
    assert arranged(child).region_s == (4.0, 6.0)
    player.set_region((1.0, 1.001))
    assert player.region is None


def test_the_fader_is_cubic_and_mute_remembers(player: Player, child: FakeChild) -> None:
    player.set_volume(0.5)
    assert arranged(child).volume == 0.125
    player.set_muted(True)
    assert arranged(child).volume == 0.0
    player.set_muted(False)
    player.set_volume(7.0)
    assert arranged(child).volume == 1.0


def test_a_replaced_process_is_told_everything_from_where_the_playhead_is(
    player: Player, child: FakeChild
) -> None:
    player.set_takes([sound(60.0), sound(60.0)])
    player.set_device("fake|headphones")
    player.set_loop(True)
    player.select_take(1)
    player.play()
    report(child, 7.0, slot=1)
    child.running = False
    child.say(m.Lost(device="speakers"))
    child.down.emit(3)
    assert player.trouble == "speakers went away: looking for a sound device"
    assert player.playing
    child.sent.clear()
    child.running = True
    child.up.emit()
    kinds = [type(message) for message, _ in child.sent]
    assert kinds == [m.UseDevice, m.Load, m.Load, m.Arrange]
    assert child.sent[0][0] == m.UseDevice(device="fake|headphones")
    now = arranged(child)
    assert (now.slot, now.playing, now.loop) == (1, True, True)
    assert 7.0 <= now.seek_s < 9.0


def test_levels_and_devices_are_shown(player: Player, child: FakeChild) -> None:
    shown: list[Levels] = []
    player.levels_changed.connect(shown.append)
    meters = m.Meters(
        peak_db=(-1.0, None), hold_db=(-0.5, -3.0), momentary_lufs=-14.0, short_term_lufs=None
    )
    child.say(meters)
    assert shown[0].peak_db == (-1.0, -np.inf)
    assert shown[0].short_term_lufs == -np.inf
    speakers = OutputDevice(id="f|s", name="s", system="f", channels=2, is_default=True)
    child.say(m.Devices(devices=(speakers,), current="f|s", rate_hz=48_000, latency_s=0.02))
    assert player.output == "s"
    assert player.devices[0].is_default


def test_clear_stops(player: Player, child: FakeChild) -> None:
    player.set_takes([sound()])
    player.play()
    player.clear()
    assert (player.playing, player.takes, player.duration_s) == (False, (), 0.0)
    assert isinstance(child.last(m.Drop), m.Drop)

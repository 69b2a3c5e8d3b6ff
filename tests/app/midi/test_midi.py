"""MIDI as the window sees it, with the test as the MIDI process."""

import json

import pytest
from PySide6.QtCore import QCoreApplication

from app.midi import messages as m
from app.midi.follow import TransportFollower
from app.midi.midi import Midi
from tests.app.playback.fakes import FakeChild


@pytest.fixture
def child(qt: QCoreApplication) -> FakeChild:
    return FakeChild()


@pytest.fixture
def midi(child: FakeChild) -> Midi:
    made = Midi(child=child)  # type: ignore[arg-type] # a stand-in with the same signals
    made.start()
    return made


def control(value: int, number: int = 21, channel: int = 1) -> m.Control:
    return m.Control(port="keys", channel=channel, control=number, value=value)


def test_a_replaced_process_is_told_the_ports_again(midi: Midi, child: FakeChild) -> None:
    midi.choose(("daw",))
    child.say(m.Ports(ports=("daw",), connected=("daw",)))
    child.say(m.Tempo(bpm=93.0))
    child.down.emit(3)
    assert midi.connected == ()
    assert midi.tempo_bpm is None
    child.sent.clear()
    child.up.emit()
    assert [message for message, _ in child.sent] == [m.Choose(ports=("daw",))]


def test_an_absolute_knob_is_learned_and_takes_over_softly(midi: Midi, child: FakeChild) -> None:
    turned: list[tuple[str, float]] = []
    learned: list[tuple[str, str]] = []
    midi.knob_turned.connect(lambda knob, value: turned.append((knob, value)))
    midi.knob_learned.connect(lambda knob, label: learned.append((knob, label)))
    midi.set_knob("tempo", 0.5)
    midi.learn("tempo")
    child.say(*(control(value) for value in (10, 11, 12, 13)))
    assert learned == [("tempo", "CC 21, channel 1")]
    assert midi.learning == ""
    child.say(control(20), control(40))
    assert turned == []
    child.say(control(70))
    assert turned == [("tempo", 70 / 127)]
    child.say(control(80, number=22), control(80, channel=2))
    assert len(turned) == 1


def test_an_encoder_is_learned_and_nudges(midi: Midi, child: FakeChild) -> None:
    nudged: list[tuple[str, int]] = []
    midi.knob_nudged.connect(lambda knob, count: nudged.append((knob, count)))
    midi.learn("bars")
    child.say(control(65), control(65))
    child.say(control(63), control(66))
    assert nudged == [("bars", -1), ("bars", 2)]
    assert midi.bindings_data()["bars"]["mode"] == "offset"


def test_a_controller_turns_one_knob_only(midi: Midi, child: FakeChild) -> None:
    for knob in ("tempo", "bars"):
        midi.learn(knob)
        child.say(*(control(value) for value in (10, 11, 12, 13)))
    assert midi.binding("tempo") == ""
    assert midi.binding("bars") == "CC 21, channel 1"
    midi.forget("bars")
    assert midi.bindings_data() == {}


def test_bindings_are_saved_as_json_and_restored(midi: Midi, child: FakeChild) -> None:
    midi.learn("tempo")
    child.say(*(control(value) for value in (10, 11, 12, 13)))
    data = json.loads(json.dumps(midi.bindings_data()))
    data["broken"] = {"channel": 99}
    data["worse"] = None
    other = Midi(child=FakeChild())  # type: ignore[arg-type] # a stand-in with the same signals
    other.restore_bindings(data)
    assert other.bindings_data() == midi.bindings_data()


class FakePlayer:
    duration_s = 4.0

    def __init__(self) -> None:
        self.calls: list[tuple[str, float]] = []

    def seek(self, position_s: float) -> None:
        self.calls.append(("seek", position_s))

    def play(self) -> None:
        self.calls.append(("play", 0.0))

    def stop(self) -> None:
        self.calls.append(("stop", 0.0))

    def pause(self) -> None:
        self.calls.append(("pause", 0.0))


def test_the_player_follows_the_daw_only_when_asked(midi: Midi, child: FakeChild) -> None:
    player = FakePlayer()
    follower = TransportFollower(midi, player, lambda: 120.0)  # type: ignore[arg-type] # what it calls, is there
    child.say(m.Transport(what="start"))
    assert player.calls == []
    follower.set_on(True)
    child.say(m.Transport(what="start"), m.Transport(what="stop"))
    assert player.calls == [("stop", 0.0), ("play", 0.0), ("pause", 0.0)]
    player.calls.clear()
    child.say(m.SongPosition(beats=10.0), m.Transport(what="continue"))
    assert player.calls == [("seek", 1.0), ("play", 0.0)]  # 5 s into a loop of 4 s
    assert midi.running

"""The MIDI process without its process: ports that come and go, messages in, messages out."""

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.midi import messages as m
from app.midi.host import MidiHost, decode
from app.midi.ports import PortWatch, unique_names


class FakePort:
    def __init__(self, backend: "FakeMidi", name: str) -> None:
        self._backend, self._name = backend, name

    def close(self) -> None:
        del self._backend.open_ports[self._name]


class FakeMidi:
    def __init__(self, *names: str) -> None:
        self.present = list(names)
        self.broken: set[str] = set()
        self.absent = False
        self.open_ports: dict[str, Callable[[list[int], float], None]] = {}

    def names(self) -> tuple[str, ...]:
        if self.absent:
            raise OSError("no MIDI")
        return unique_names(self.present)

    def open(self, name: str, arrived: Callable[[list[int], float], None]) -> FakePort:
        if name in self.broken:
            raise OSError("busy")
        self.open_ports[name] = arrived
        return FakePort(self, name)


def nothing(_port: str, _data: list[int], _delta_s: float) -> None:
    pass


def make(backend: FakeMidi) -> tuple[MidiHost, list[object]]:
    sent: list[object] = []
    return MidiHost(backend, sent.append, nothing), sent


def test_ports_are_told_even_when_there_are_none() -> None:
    host, sent = make(FakeMidi())
    host.look(0.0)
    assert sent == [m.Ports(ports=(), connected=())]


def test_no_midi_system_is_no_ports() -> None:
    backend = FakeMidi()
    backend.absent = True
    host, sent = make(backend)
    host.look(0.0)
    assert sent == [m.Ports(ports=(), connected=())]


def test_fifty_unplugs() -> None:
    backend = FakeMidi("daw")
    host, sent = make(backend)
    host.handle(m.Choose(ports=("daw",)))
    for turn in range(50):
        backend.present.clear()
        host.look(2.0 * turn + 1)
        gone = sent[-1]
        assert isinstance(gone, m.Ports)
        assert gone.connected == ()
        assert "daw" in str(gone.trouble)
        assert not backend.open_ports
        backend.present.append("daw")
        host.look(2.0 * turn + 2)
        assert sent[-1] == m.Ports(ports=("daw",), connected=("daw",))
        assert list(backend.open_ports) == ["daw"]


def test_a_port_that_another_program_holds() -> None:
    backend = FakeMidi("daw")
    backend.broken.add("daw")
    watch = PortWatch(backend, nothing)
    watch.choose(("daw",))
    before: tuple[str, ...] = watch.connected
    assert before == ()
    assert "close the program" in str(watch.trouble)
    backend.broken.clear()
    assert watch.look()
    told = watch.connected, str(watch.trouble)
    assert told == (("daw",), "")


def test_a_clock_becomes_a_tempo_and_ends() -> None:
    backend = FakeMidi("daw")
    host, sent = make(backend)
    host.handle(m.Choose(ports=("daw",)))
    host.look(0.0)
    period = 60 / (93 * 24)
    for index in range(96):
        host.take("daw", [0xF8], period if index else 0.0, index * period)
    tempos = [message for message in sent if isinstance(message, m.Tempo)]
    assert tempos == [m.Tempo(bpm=93.0)]
    host.look(96 * period + 1.1)
    assert [x for x in sent if isinstance(x, m.Tempo)][-1] == m.Tempo(bpm=None)


def test_of_two_clocks_the_first_counts() -> None:
    host, sent = make(FakeMidi())
    times = sorted(
        [(i * 60 / (93 * 24), "a") for i in range(96)]
        + [(0.001 + i * 60 / (140 * 24), "b") for i in range(96)]
    )
    last = {"a": 0.0, "b": 0.0}
    for time_s, port in times:
        host.take(port, [0xF8], time_s - last[port], time_s)
        last[port] = time_s
    assert {x.bpm for x in sent if isinstance(x, m.Tempo)} == {93.0}


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        ([0xFA], m.Transport(what="start")),
        ([0xFB], m.Transport(what="continue")),
        ([0xFC], m.Transport(what="stop")),
        ([0xF2, 0x10, 0x00], m.SongPosition(beats=4.0)),
        ([0xF2, 0x00, 0x01], m.SongPosition(beats=32.0)),
        ([0xB2, 21, 64], m.Control(port="p", channel=3, control=21, value=64)),
    ],
)
def test_messages(data: list[int], expected: object) -> None:
    host, sent = make(FakeMidi())
    host.take("p", data, 0.0, 0.0)
    assert sent == [expected]


@given(st.lists(st.integers(-1, 300), max_size=6))
def test_any_bytes_are_survived(data: list[int]) -> None:
    host, sent = make(FakeMidi())
    decode(data)
    host.take("p", data, 0.0, 0.0)
    assert len(sent) <= 1


def test_names_lose_the_numbers_that_a_plug_changes() -> None:
    names = ["Keys:Keys MIDI 1 20:0", "Keys:Keys MIDI 1 24:0", "IAC Bus 1"]
    assert unique_names(names) == ("Keys:Keys MIDI 1", "Keys:Keys MIDI 1 (2)", "IAC Bus 1")

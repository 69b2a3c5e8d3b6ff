"""A machine with no sound device, no MIDI, no bundle, no GPU: one calm line each."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from app.midi.midi import Midi
from app.model.session import Session
from app.playback.player import Player
from app.view.main_window import MainWindow
from tests.fixtures.qt import wait_until

PATIENCE_S = 120.0

Start = Callable[..., Session]


@pytest.fixture
def bare(start: Start, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., MainWindow]]:
    """The whole window with its real processes; audio and MIDI servers are kept out of reach."""
    monkeypatch.setenv("JACK_NO_START_SERVER", "1")
    monkeypatch.setenv("JACK_DEFAULT_SERVER", "noisefall-none")
    made: list[tuple[Player, Midi]] = []

    def make(bundle: Path | None, *, device: str = "auto") -> MainWindow:
        session = start(bundle)
        session.models.settings.device = device  # type: ignore[assignment]  # checked by the model
        player, midi = Player(session), Midi(session)
        window = MainWindow(session.models, player, midi)
        made.append((player, midi))
        window.show()
        return window

    yield make
    for player, midi in made:
        player.shutdown()
        midi.shutdown()


def calm(line: str) -> str:
    """A line as a person may read it: what is so, and what to do about it."""
    assert 20 < len(line) < 200
    assert ":" in line
    assert not any(word in line for word in ("Traceback", "Error", "Errno", "None", "--"))
    return line


def test_no_bundle(bare: Callable[..., MainWindow]) -> None:
    window = bare(None)
    wait_until(lambda: window.trouble.text, "a line", PATIENCE_S)
    assert calm(window.trouble.text) == (
        "No bundle is installed: nothing can be rendered without one. Install a bundle in Settings."
    )
    window.models.form.prompt = "house"
    assert window.models.jobs.generate()  # asked all the same: the line stays the one to read
    wait_until(lambda: not window.models.jobs.busy, "a refusal", PATIENCE_S)
    assert "Install a bundle in Settings" in calm(window.trouble.text)


def test_no_gpu(bare: Callable[..., MainWindow], bundle: Path) -> None:
    """Asked for by hand: a line. Not asked for: the processor, and the reason in Settings."""
    window = bare(bundle)
    engine = window.models.engine
    wait_until(lambda: engine.devices, "devices", PATIENCE_S)
    gpu = next(each for each in engine.devices if each.provider.startswith("CUDA"))
    if gpu.usable:
        pytest.skip("there is a GPU")
    assert gpu.reason
    assert [each.used for each in engine.devices if each.provider.startswith("CPU")] == [True]
    wait_until(lambda: engine.bundle is not None, "a bundle", PATIENCE_S)
    assert window.trouble.text == ""
    window.models.settings.device = "cuda"
    wait_until(lambda: window.trouble.text, "a line", PATIENCE_S)
    wait_until(lambda: "cannot be used" in window.trouble.text, "the reason", PATIENCE_S)
    assert gpu.reason in calm(window.trouble.text)
    assert "Choose another device in Settings" in window.trouble.text
    window.models.settings.device = "auto"
    wait_until(lambda: engine.bundle is not None, "a bundle", PATIENCE_S)
    wait_until(lambda: window.trouble.text == "", "no line", PATIENCE_S)


def test_no_sound_device(bare: Callable[..., MainWindow], bundle: Path) -> None:
    window = bare(bundle)
    window.player.start()
    wait_until(lambda: window.player.trouble or window.player.output, "the sound", PATIENCE_S)
    if window.player.output:
        pytest.skip("there is a sound device")
    wait_until(lambda: window.trouble.text == window.player.trouble, "the line", PATIENCE_S)
    assert calm(window.trouble.text) == "No sound device: connect one, and it is used by itself"
    window.player.play()  # silence is no error
    assert window.models.engine.state.value in ("starting", "ready")


def test_no_midi(bare: Callable[..., MainWindow], bundle: Path) -> None:
    """Nobody who has no MIDI is told so; who chose a port that is not there is."""
    window = bare(bundle)
    heard: list[str] = []
    window.midi.trouble_changed.connect(heard.append)
    window.midi.start()
    window.models.settings.midi_inputs = ["My keyboard"]
    wait_until(lambda: window.trouble.text == window.midi.trouble != "", "the line", PATIENCE_S)
    assert calm(window.trouble.text) == "My keyboard is not there: it is taken up when it returns"
    assert heard == [window.trouble.text]  # and nothing before anybody had chosen a port

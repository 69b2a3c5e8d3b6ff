"""`--midi` writes the notes beside the sound, whole or not at all; `--notes none` leaves them."""

import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import mido
import pytest

import engine.audio.files
from engine.audio.wav import parse_wav
from engine.errors import UserError
from engine.recipe import from_json

Noisefall = Callable[..., Any]


def opts(text: str) -> list[str]:
    return text.split()


def names(tmp_path: Path) -> list[str]:
    folder = tmp_path / "out"
    return sorted(path.name for path in folder.iterdir()) if folder.exists() else []


def pitches(path: Path) -> list[int]:
    midi = mido.MidiFile(file=io.BytesIO(path.read_bytes()))
    return [message.note for message in midi if message.type == "note_on"]


def test_each_clip_has_its_own_notes_beside_it(render: Noisefall, tmp_path: Path) -> None:
    told = render("tone", *opts("--seconds 0.5 --takes 2 --midi"))
    assert told.code == 0
    assert names(tmp_path) == [
        "tone_take1.mid",
        "tone_take1.wav",
        "tone_take2.mid",
        "tone_take2.wav",
    ]
    assert [pitches(tmp_path / "out" / f"tone_take{take}.mid") for take in (1, 2)] == [[61], [62]]
    lines = told.out.splitlines()
    assert lines[1:3] == [str(tmp_path / "out" / f"tone_take1{end}") for end in (".wav", ".mid")]
    assert "notes: left to the network" not in told.out


def test_without_midi_there_are_sounds_alone(render: Noisefall, tmp_path: Path) -> None:
    told = render("tone", *opts("--seconds 0.5 --json"))
    assert names(tmp_path) == ["tone_take1.wav"]
    (clip,) = [json.loads(line) for line in told.out.splitlines() if '"event":"clip"' in line]
    assert clip["midi"] is None


def test_takes_have_notes_too_and_programs_are_told_where(
    render: Noisefall, tmp_path: Path
) -> None:
    told = render("tone", *opts("--seconds 0.5 --no-finish --midi --json"))
    assert names(tmp_path) == ["tone_take1_draft.mid", "tone_take1_draft.wav"]
    (take,) = [json.loads(line) for line in told.out.splitlines() if '"event":"take"' in line]
    assert take["midi"] == str(tmp_path / "out" / "tone_take1_draft.mid")


def test_sound_and_notes_share_a_name_that_is_free_for_both(
    render: Noisefall, tmp_path: Path
) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "tone_take1.mid").write_bytes(b"somebody else's")
    assert render("tone", *opts("--seconds 0.5 --midi")).code == 0
    assert names(tmp_path) == ["tone_take1-2.mid", "tone_take1-2.wav", "tone_take1.mid"]
    assert (tmp_path / "out" / "tone_take1.mid").read_bytes() == b"somebody else's"


def test_notes_left_to_the_network_are_told_and_stay_in_the_recipe(
    render: Noisefall, noisefall: Noisefall, tmp_path: Path
) -> None:
    told = render("tone", *opts("--seconds 0.5 --notes none"))
    assert "notes: left to the network" in told.out
    clip = tmp_path / "out" / "tone_take1.wav"
    assert from_json(parse_wav(clip.read_bytes()).recipe or b"").notes == "none"
    assert "  notes: left to the network\n" in noisefall("info", clip).out
    again = render("--from", clip, "--json")
    assert json.loads(again.out.splitlines()[0])["recipe"]["notes"] == "none"
    render("--from", clip, "--notes", "composed", "--bars", "1", "--midi")
    composed = tmp_path / "out" / "tone_120bpm_take1.wav"
    assert composed.with_suffix(".mid").exists()
    assert "notes:" not in noisefall("info", composed).out


def test_midi_of_no_notes_is_refused_before_anything_is_rendered(
    render: Noisefall, tmp_path: Path
) -> None:
    told = render("tone", *opts("--seconds 0.5 --notes none --midi"))
    assert (told.code, told.out, names(tmp_path)) == (2, "", [])
    assert told.err == (
        "noisefall: Nothing was rendered: --midi asks for notes, and the recipe leaves them to "
        "the network. Leave --midi away, or ask for --notes composed.\n"
    )


def test_a_take_for_which_nothing_was_composed_keeps_its_sound(
    render: Noisefall, tmp_path: Path
) -> None:
    told = render("tone unwritten=1", *opts("--seconds 0.5 --midi"))
    assert told.code == 2
    (clip,) = names(tmp_path)
    assert clip.endswith(".wav")
    last = told.err.splitlines()[-1]
    assert last.startswith(
        "noisefall: The notes were not written: nothing was composed for take 1: the bundle"
    )
    assert "Files written before and complete: 1." in last


def test_notes_are_composed_or_none(render: Noisefall, noisefall: Noisefall) -> None:
    told = render("tone", "--notes", "loud")
    assert told.code == 2
    assert "notes is 'loud'. Give one of composed, none" in told.err
    assert "--notes composed|none" in " ".join(noisefall("render", "--help").out.split())


def test_where_the_sound_cannot_be_written_no_notes_stay(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    written = engine.audio.files._write_new

    def full(path: Path, data: bytes) -> bool:
        if path.suffix == ".wav":
            raise UserError("The file was not written", "the disk is full", "Free some space")
        return written(path, data)

    monkeypatch.setattr(engine.audio.files, "_write_new", full)
    with pytest.raises(UserError, match="disk is full"):
        engine.audio.files.write_numbered(tmp_path, "a.wav", b"sound", beside={".mid": b"notes"})
    assert list(tmp_path.iterdir()) == []


def test_a_name_that_is_taken_meanwhile_is_left_for_both(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    written = engine.audio.files._write_new

    def raced(path: Path, data: bytes) -> bool:
        return path.name != "a.wav" and written(path, data)

    monkeypatch.setattr(engine.audio.files, "_write_new", raced)
    path = engine.audio.files.write_numbered(tmp_path, "a.wav", b"s", beside={".mid": b"n"})
    assert path.name == "a-2.wav"
    assert sorted(each.name for each in tmp_path.iterdir()) == ["a-2.mid", "a-2.wav"]

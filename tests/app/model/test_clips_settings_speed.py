import json
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import settings as examples
from hypothesis import strategies as st
from PySide6.QtCore import QModelIndex, Qt
from PySide6.QtGui import QUndoStack
from PySide6.QtTest import QAbstractItemModelTester

from app.library.library import Library
from app.library.service import LibraryService
from app.model.clips import ClipsModel, Column
from app.model.reveal import reveal_command
from app.model.settings import SettingsModel
from app.model.speed import SpeedBook
from app.model.trouble import Trouble, TroubleModel, Weight
from engine.errors import UserError
from engine.recipe import Recipe
from tests.fixtures.clips import new_clip
from tests.fixtures.qt import wait_until


@pytest.fixture
def clips(tmp_path: Path) -> Iterator[tuple[ClipsModel, QUndoStack]]:
    service = LibraryService(Library(tmp_path / "l.db", lambda: tmp_path / "clips"))
    undo = QUndoStack()
    model = ClipsModel(service, undo)
    tester = QAbstractItemModelTester(model, QAbstractItemModelTester.FailureReportingMode.Fatal)
    service.open()
    for seed, (prompt, bpm, key) in enumerate(
        (("Dusty jazz", 92, "Am"), ("deep House", 124, "F#m"), ("free drone", None, None))
    ):
        model.add(new_clip(prompt=prompt, bpm=bpm, key=key, seed=seed))
    wait_until(lambda: model.total == 3)
    yield model, undo
    del tester
    service.close()


def names(model: ClipsModel) -> list[str]:
    return [model.clip_at(row).prompt.split()[1] for row in range(model.shown)]


def test_search_filters_and_order(clips: tuple[ClipsModel, QUndoStack]) -> None:
    model, _ = clips
    assert names(model) == ["drone", "House", "jazz"]  # newest first
    for query, shown in (
        ({"text": "HOUSE deep"}, ["House"]),
        ({"text": "92bpm"}, ["jazz"]),
        ({"text": "f#m"}, ["House"]),
        ({"text": "house jazz"}, []),
        ({"text": "", "bpm": (90, 124)}, ["House", "jazz"]),
        ({"bpm": None, "key": "Am"}, ["jazz"]),
        ({"key": None, "sort": "bpm", "descending": False}, ["jazz", "House", "drone"]),
        ({"sort": "name"}, ["House", "jazz", "drone"]),
        ({"loop": True}, []),
        ({"loop": False}, ["House", "jazz", "drone"]),
    ):
        model.set_query(**query)
        assert names(model) == shown, query
    model.sort(Column.TEMPO, Qt.SortOrder.DescendingOrder)
    assert names(model) == ["drone", "House", "jazz"]


def test_everything_done_to_a_clip_is_undone(clips: tuple[ClipsModel, QUndoStack]) -> None:
    model, undo = clips
    ids = [model.clip_at(row).id for row in range(3)]
    before = [model.clip(clip_id) for clip_id in ids]

    def settled(**fields: Any) -> bool:
        return all(getattr(model.clip(ids[0]), name) == value for name, value in fields.items())

    model.rename(ids[0], "  Night drone ")
    wait_until(lambda: settled(name="Night drone"))
    model.set_stars(ids, 4)
    wait_until(lambda: settled(stars=4))
    model.set_tags(ids, ["pad", " dark", "pad", ""])
    wait_until(lambda: settled(tags=("pad", "dark")))
    assert model.tags == ("dark", "pad")
    model.set_query(stars=4, tag="dark", text="night")
    assert model.shown == 1
    model.set_query(stars=0, tag="", text="")
    model.delete(ids[:2])
    wait_until(lambda: (model.total, model.binned) == (1, 2))
    assert undo.undoText() == "Delete (2 clips)"
    assert model.keys == ("Am", "F#m")  # the bin's too: it can be filtered as well
    model.set_query(in_bin=True)
    assert model.shown == 2
    count = undo.count()
    model.delete(ids[:2])  # they are deleted already
    assert undo.count() == count
    while undo.canUndo():
        undo.undo()
    wait_until(lambda: [model.clip(clip_id) for clip_id in ids] == before)
    assert (model.total, model.binned) == (3, 0)
    undo.redo()
    wait_until(lambda: settled(name="Night drone"))


def test_the_bin_is_emptied_for_good(clips: tuple[ClipsModel, QUndoStack]) -> None:
    model, undo = clips
    clip = model.clip_at(0)
    model.delete([clip.id])
    wait_until(lambda: model.binned == 1)
    assert clip.path.exists()
    other = model.clip_at(0)  # the only one in its key
    assert other.key is not None
    model.delete([other.id])
    wait_until(lambda: model.binned == 2)
    model.empty_bin()
    wait_until(lambda: model.binned == 0)
    assert (model.total, other.key in model.keys) == (1, False)
    assert not clip.path.exists()
    assert not undo.canUndo()


def test_cells_are_edited_read_and_spoken(clips: tuple[ClipsModel, QUndoStack]) -> None:
    model, _ = clips
    index = model.index(1, Column.NAME)
    assert model.setData(index, "Renamed")
    wait_until(lambda: model.data(index) == "Renamed")
    assert model.setData(model.index(1, Column.TAGS), "a, b")
    wait_until(lambda: model.data(model.index(1, Column.TAGS)) == "a, b")
    assert not model.setData(model.index(1, Column.KEY), "C")
    spoken = model.data(model.index(1, Column.STARS), Qt.ItemDataRole.AccessibleTextRole)
    assert spoken == "0 of 5 stars"
    assert model.headerData(Column.TEMPO, Qt.Orientation.Horizontal) == "Tempo"
    assert model.flags(model.index(0, 0)) & Qt.ItemFlag.ItemIsDragEnabled
    assert model.data(QModelIndex()) is None


def test_a_refused_change_changes_nothing(clips: tuple[ClipsModel, QUndoStack]) -> None:
    model, _ = clips
    told: list[UserError] = []
    model.failed.connect(told.append)
    bad = new_clip()
    model.add(type(bad)(**{f: getattr(bad, f) for f in bad.__struct_fields__} | {"wav": b"no"}))
    wait_until(lambda: bool(told))
    assert model.total == 3
    assert "no WAV" in told[0].why


# ── settings ──────────────────────────────────────────────────────────────────────────────


def test_settings_come_back(tmp_path: Path) -> None:
    path = tmp_path / "a" / "settings.json"
    settings = SettingsModel(path)
    settings.theme = "light"
    settings.handoff_rate_hz = 48_000
    settings.loudness_lufs = None
    settings.midi_bindings = {"bpm": {"cc": 21}}
    settings.prompts = ["a", "b"]
    settings.save()
    again = SettingsModel(path)
    assert (again.theme, again.handoff_rate_hz, again.loudness_lufs) == ("light", 48_000, None)
    assert (again.midi_bindings, again.prompts) == ({"bpm": {"cc": 21}}, ["a", "b"])
    again.reset("theme")
    assert again.theme == "system"
    with pytest.raises(ValueError, match="96000"):
        again.handoff_rate_hz = 96_000


def test_a_damaged_file_is_set_aside(tmp_path: Path) -> None:
    path = tmp_path / "settings.json"
    path.write_bytes(b"{not json")
    assert SettingsModel(path).theme == "system"
    assert (tmp_path / "settings.damaged.json").read_bytes() == b"{not json"


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=True) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=5,
)
keys = st.sampled_from(
    ("theme", "volume", "threads", "prompts", "window", "device", "loudness_lufs", "level_match")
)


@examples(max_examples=30)
@given(st.dictionaries(keys, json_values))
def test_any_value_is_in_range_or_the_default(values: dict[str, Any]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "settings.json"
        path.write_text(json.dumps(values))
        settings = SettingsModel(path)
        assert settings.theme in ("system", "dark", "light")
        assert 0 <= settings.volume <= 1
        assert 0 <= settings.threads <= 256
        assert all(isinstance(prompt, str) for prompt in settings.prompts)
        assert isinstance(settings.level_match, bool)
        assert settings.loudness_lufs is None or -40 <= settings.loudness_lufs <= -6


def test_a_folder_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    settings = SettingsModel(tmp_path / "file" / "settings.json")
    told: list[UserError] = []
    settings.save_failed.connect(told.append)
    settings.save()
    assert told[0].what == "The settings were not saved"


# ── speed and troubles ────────────────────────────────────────────────────────────────────


def test_an_estimate_scales_with_takes_seconds_and_steps(tmp_path: Path) -> None:
    book = SpeedBook(tmp_path / "speeds.json")
    recipe = Recipe(prompt="x", seconds=2, takes=2)

    def steps_of(recipe: Recipe, stage: str) -> int | None:
        return recipe.generator.steps or 10 if stage == "generator" else None

    assert book.estimate_s("cpu", recipe, steps_of) is None
    for generator_s in (8.0, 4.0, 4.2):  # the first loads the model
        book.learn("cpu", recipe, {"generator": generator_s, "vocoder": 1.0}, steps_of)
    assert book.estimate_s("cpu", recipe, steps_of) == pytest.approx(5.2)
    assert book.estimate_s("gpu", recipe, steps_of) is None
    longer = Recipe(prompt="x", seconds=8, takes=1)
    again = SpeedBook(tmp_path / "speeds.json")
    assert again.estimate_s("cpu", longer, steps_of) == pytest.approx(2 * 5.2)
    (tmp_path / "speeds.json").write_text('{"cpu": {"generator": ["x"]}}')
    assert SpeedBook(tmp_path / "speeds.json").estimate_s("cpu", recipe, steps_of) is None


def test_the_heaviest_trouble_is_shown_and_acts() -> None:
    troubles = TroubleModel()
    pressed: list[str] = []
    note = Trouble(source="midi", what="a", why="b", remedy="c", weight=Weight.NOTE)
    stop = Trouble(
        source="engine",
        what="a",
        why="b",
        remedy="c",
        weight=Weight.STOP,
        action=lambda: pressed.append("x"),
    )
    troubles.tell(stop)
    troubles.tell(note)
    assert troubles.shown is stop
    assert stop.line == "a: b. c."
    troubles.act("engine")
    assert pressed == ["x"]
    assert troubles.all == (note,)


def test_reveal_selects_the_file_on_every_system() -> None:
    path = Path("/clips/a #1.wav")
    assert reveal_command(path, "win32") == ("explorer.exe", [f"/select,{path}"])
    assert reveal_command(path, "darwin") == ("open", ["-R", str(path)])
    program, arguments = reveal_command(path, "linux") or ("", [])
    assert program == "dbus-send"
    assert "array:string:file:///clips/a%20%231.wav" in arguments

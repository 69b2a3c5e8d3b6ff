"""Checkpoint files of any trainer: whole or not there, the newest kept, another's refused."""

from pathlib import Path

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from safetensors.torch import save

from engine.errors import UserError
from engine.training.checkpoints import found, grouped, opened, write_step

FORM = "noisefall-test-1"


def damaged(path: Path, why: str | Exception) -> UserError:
    return UserError("It was not read", f"{path.name}: {why}", "Choose another")


def written(folder: Path, step: int, *, keep: int = 2) -> Path:
    groups = {
        "weights": {"a.b": torch.full((2, 3), float(step)).T},
        "first": {"a.b": torch.ones(1)},
    }
    return write_step(folder, step, groups, {"format": FORM}, keep=keep)


def test_a_step_comes_back_by_group_and_name(tmp_path: Path) -> None:
    path = written(tmp_path / "new", 12)
    assert path.name == "step-00000012.safetensors"
    with opened(path, FORM, damaged) as (header, file):
        read = grouped(file, ("weights", "first"))
    assert header == {"format": FORM, "step": "12"}
    assert read["weights"]["a.b"].tolist() == [[12.0, 12.0]] * 3
    assert read["first"]["a.b"].tolist() == [1.0]


def test_the_newest_stay_and_nothing_half_written(tmp_path: Path) -> None:
    (tmp_path / ".step-00000009.safetensors.part").write_bytes(b"cut off")
    for step in (7, 30, 100):
        written(tmp_path, step)
    names = ["step-00000030.safetensors", "step-00000100.safetensors"]
    assert [path.name for path in found(tmp_path)] == names
    assert found(tmp_path / "nowhere") == []


def test_what_cannot_be_written_leaves_nothing(tmp_path: Path) -> None:
    (tmp_path / "step-00000001.safetensors").mkdir()
    (tmp_path / "step-00000001.safetensors" / "in the way").touch()
    with pytest.raises(UserError, match="The checkpoint was not written") as refused:
        written(tmp_path, 1)
    assert refused.value.remedy == "Free some space, then --resume"
    assert not list(tmp_path.glob(".*"))


def test_another_format_and_another_group_are_refused(tmp_path: Path) -> None:
    path = written(tmp_path, 1)
    with (
        pytest.raises(UserError, match="'noisefall-test-1', not 'noisefall-test-2'"),
        opened(path, "noisefall-test-2", damaged),
    ):
        pass
    with (
        pytest.raises(UserError, match="It was not read"),
        opened(path, FORM, damaged) as (_, file),
    ):
        grouped(file, ("weights",))


WHOLE = save({"weights.a": torch.zeros(3)}, {"format": FORM})


@given(
    st.one_of(
        st.binary(max_size=200),
        st.integers(0, len(WHOLE) - 1).map(lambda size: WHOLE[:size]),
        st.tuples(st.integers(0, len(WHOLE) - 1), st.integers(0, 255)).map(
            lambda at: WHOLE[: at[0]] + bytes([at[1]]) + WHOLE[at[0] + 1 :]
        ),
    )
)
def test_any_bytes_are_read_or_refused(
    tmp_path_factory: pytest.TempPathFactory, data: bytes
) -> None:
    path = tmp_path_factory.getbasetemp() / "fuzzed.safetensors"
    path.write_bytes(data)
    try:
        with opened(path, FORM, damaged) as (header, file):
            read = grouped(file, ("weights",))
    except UserError:
        return
    assert header["format"] == FORM
    assert set(read) == {"weights"}

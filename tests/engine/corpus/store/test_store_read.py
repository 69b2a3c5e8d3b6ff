"""Reading: by us, by tarfile, by WebDataset; whole clips and crops; damage is never passed over."""

import gc
import io
import shutil
import tarfile
from pathlib import Path

import mido
import numpy as np
import pytest
import soundfile
import webdataset
from hypothesis import given
from hypothesis import strategies as st

from engine.corpus.store import ClipInfo, clips, open_corpus
from engine.corpus.store.layout import Plan, Sidecar, load
from engine.errors import UserError

EXTENSIONS = {
    "json", "mid", "flac", "mel.npy", "drums.mel.npy", "bass.mel.npy", "harmony.mel.npy",
    "melody.mel.npy",
}  # fmt: skip


def test_clips_come_split_by_split(small_corpus: Path) -> None:
    train, every = list(clips(small_corpus, "train")), list(clips(small_corpus))
    assert 0 < len(train) <= len(every)
    assert {clip.split for clip in train} == {"train"}
    assert [clip.key for clip in every if clip.split == "train"] == [clip.key for clip in train]
    assert all(set(clip.places) == EXTENSIONS for clip in every)


def test_a_crop_is_the_same_as_a_slice(small_corpus: Path) -> None:
    for clip in clips(small_corpus):
        whole = clip.audio()
        assert whole.shape == (clip.info.samples, 2)
        assert whole.dtype == np.float32
        for start in (0, 12_345, len(whole) - 100):
            np.testing.assert_array_equal(clip.audio(start, 2_400), whole[start : start + 2_400])
        assert clip.audio(10**9, 10).shape == (0, 2)
        assert isinstance(clip.mel(), np.memmap)
        assert clip.mel()[:, 10:26].shape == (160, 16)


def test_stems_are_aligned_with_the_mix(small_corpus: Path) -> None:
    clip = next(clips(small_corpus))
    drums = clip.mel(stem="drums")
    assert drums.shape == clip.mel().shape
    loud = np.asarray(clip.mel()[:80], np.float32) > 0  # a quarter of the amplitude: −12 dB
    quieter = np.asarray(clip.mel()[:80], np.float32) - np.asarray(drums[:80], np.float32)
    np.testing.assert_allclose(quieter[loud], 12.04 / 50, atol=0.002)


@pytest.mark.filterwarnings("ignore::ResourceWarning")  # it leaves its files to the collector
def test_webdataset_reads_the_shards(small_corpus: Path) -> None:
    urls = [str(path) for path in sorted(small_corpus.glob("*.tar"))]
    seen = {}
    for sample in webdataset.WebDataset(urls, shardshuffle=False).decode():
        seen[sample["__key__"]] = sample
    ours = {clip.key: clip for clip in clips(small_corpus)}
    assert set(seen) == set(ours)
    for key, sample in seen.items():
        assert set(sample) >= EXTENSIONS
        np.testing.assert_array_equal(sample["mel.npy"], ours[key].mel())
        np.testing.assert_array_equal(sample["bass.mel.npy"], ours[key].mel(stem="bass"))
        assert sample["json"]["annotations"]["bpm"] == ours[key].annotations.bpm
    del sample, seen
    gc.collect()


def test_plain_tools_read_the_shards(small_corpus: Path) -> None:
    with tarfile.open(small_corpus / "train-00000.tar") as tar:
        members = {info.name: info for info in tar.getmembers()}
        assert all(info.mtime == 0 and info.isreg() for info in members.values())
        name = next(iter(members)).partition(".")[0]
        flac = tar.extractfile(f"{name}.flac")
        midi = tar.extractfile(f"{name}.mid")
        assert flac is not None
        assert midi is not None
        info = soundfile.info(io.BytesIO(flac.read()))
        assert (info.samplerate, info.channels, info.subtype) == (24_000, 2, "PCM_16")
        assert mido.MidiFile(file=io.BytesIO(midi.read())).ticks_per_beat == 960


@pytest.fixture
def copy(small_corpus: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(small_corpus, tmp_path / "copy"))


def test_missing_and_torn_shards_stop_the_reader(copy: Path) -> None:
    tar = copy / "train-00001.tar"
    data = tar.read_bytes()
    tar.write_bytes(data[:-1])
    with pytest.raises(UserError, match=r"train-00001\.tar has"):
        next(clips(copy))
    tar.unlink()
    with pytest.raises(UserError, match=r"train-00001\.tar is missing"):
        open_corpus(copy)
    tar.write_bytes(data[:-2000] + b"x" + data[-1999:])
    open_corpus(copy)
    with pytest.raises(UserError, match="SHA-256"):
        open_corpus(copy, hashed=True)


def test_a_damaged_member_names_its_clip(copy: Path) -> None:
    clip = next(clips(copy))
    with clip.tar.open("r+b") as file:
        for extension in ("json", "mel.npy", "flac"):
            file.seek(clip.places[extension].offset)
            file.write(b"\xff" * 200)
    clip = next(clips(copy))
    for damaged, read in (
        ("json", lambda: clip.info), ("mel.npy", clip.mel), ("flac", clip.audio),
    ):  # fmt: skip
        with pytest.raises(UserError, match=rf"{clip.key}\.{damaged}"):
            read()


def test_no_corpus_is_no_corpus(tmp_path: Path) -> None:
    for folder in (tmp_path, tmp_path / "nothing"):
        with pytest.raises(UserError, match="holds no corpus"):
            next(clips(folder))


@given(
    data=st.binary(max_size=200)
    | st.text('{}[]",:0123456789.eE-abcdefhmnorstuv', max_size=80).map(str.encode),
    kind=st.sampled_from([Plan, Sidecar, ClipInfo]),
)
def test_any_bytes_are_read_or_refused(
    data: bytes, kind: type, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.getbasetemp() / "fuzz.json"
    path.write_bytes(data)
    with pytest.raises(UserError, match="fuzz"):
        load(path, kind)


@given(cut=st.integers(0, 10_000), flip=st.integers(0, 7))
def test_a_damaged_plan_is_read_or_refused(small_corpus: Path, cut: int, flip: int) -> None:
    data = bytearray((small_corpus / "corpus.json").read_bytes())
    data[cut % len(data)] ^= 1 << flip
    path = small_corpus.parent / "damaged.json"
    path.write_bytes(data)
    try:
        assert isinstance(load(path, Plan), Plan)
    except UserError as error:
        told = error.why
        assert "damaged.json" in told

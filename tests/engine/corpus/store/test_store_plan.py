"""Seeds, splits, fingerprints, shards."""

from dataclasses import replace
from pathlib import Path

import pytest

from engine.composer import compose
from engine.corpus.store.layout import SPLITS, Plan, load
from engine.corpus.store.plan import (
    Outline,
    default_seconds_per_shard,
    outline,
    plan_shards,
)
from engine.corpus.store.read import clips
from engine.corpus.store.seeds import clip_key, clip_seed, fingerprint, split_of
from engine.corpus.store.versions import code_version, hash_of_files


def test_splits_have_their_shares_and_seeds_do_not_meet() -> None:
    seeds = [clip_seed(7, number) for number in range(20_000)]
    assert len(set(seeds)) == len(seeds)
    assert not set(seeds) & {clip_seed(8, number) for number in range(20_000)}
    assert max(seeds) < 2**48
    for split, share in SPLITS.items():
        count = sum(split_of(seed) == split for seed in seeds)
        assert count / len(seeds) == pytest.approx(share, abs=0.005)


def test_seeds_and_splits_never_change() -> None:
    assert [clip_seed(0, number) for number in (0, 1, 70_000)] == [
        72_468_738_791_956,
        159_372_722_509_097,
        279_222_193_705_367,
    ]
    assert clip_key(12, 345) == "12-00000345"


def test_a_fingerprint_ignores_touch_and_sound_but_not_notes() -> None:
    score = compose(11)
    part = score.parts[0]
    softer = tuple(
        replace(note, velocity=1 + note.velocity // 2, start_q=note.start_q + 0.004)
        for note in part.notes
        if round((note.start_q + 0.004) * 12) == round(note.start_q * 12)
    )
    kept = tuple(
        note
        for note in part.notes
        if round((note.start_q + 0.004) * 12) == round(note.start_q * 12)
    )
    one = replace(score, parts=(replace(part, notes=kept), *score.parts[1:]))
    other = replace(
        score, seed=1, bpm=score.bpm + 10,
        parts=(replace(part, notes=softer, instrument="sitar", gain_db=3), *score.parts[1:]),
    )  # fmt: skip
    assert fingerprint(one) == fingerprint(other)
    moved = (replace(part.notes[0], pitch=part.notes[0].pitch + 1), *part.notes[1:])
    assert fingerprint(score) != fingerprint(
        replace(score, parts=(replace(part, notes=moved), *score.parts[1:]))
    )
    assert fingerprint(score) != fingerprint(replace(score, bars=score.bars + 1))


def test_copies_are_left_out_and_shards_are_filled_in_order() -> None:
    notes = ["a", "b", "a", "c", "d", "b", "e", "f"]
    split = ["train", "test", "validation", "train", "train", "train", "test", "train"]
    outlines = iter(
        Outline(number, name, 10.0, text)  # type: ignore[arg-type]  # Split's names
        for number, (name, text) in enumerate(zip(split, notes, strict=True))
    )
    shards, duplicates = plan_shards(outlines, seconds=50, seconds_per_shard=15)
    assert duplicates == 2
    assert {shard.name: shard.clips for shard in shards} == {
        "train-00000": (0, 3), "train-00001": (4,), "test-00000": (1, 6),
    }  # fmt: skip
    assert next(outlines).number == 7  # no more were composed than needed


def test_outlines_tell_the_length() -> None:
    clip = outline(5, 9)
    score = compose(clip_seed(5, 9))
    assert clip.notes == fingerprint(score)
    assert clip.split == split_of(score.seed)
    assert 3.5 < clip.seconds <= 30.001


@pytest.mark.parametrize(("hours", "seconds"), [(0.01, 120.0), (8.0, 1800.0), (100.0, 3600.0)])
def test_shards_get_smaller_with_the_corpus(hours: float, seconds: float) -> None:
    assert default_seconds_per_shard(hours) == pytest.approx(seconds)


def test_splits_share_neither_shards_nor_compositions(small_corpus: Path) -> None:
    plan = load(small_corpus / "corpus.json", Plan)
    numbers = [number for shard in plan.shards for number in shard.clips]
    assert len(numbers) == len(set(numbers))
    for shard in plan.shards:
        assert shard.name.rpartition("-")[0] == shard.split
        assert {split_of(clip_seed(plan.seed, number)) for number in shard.clips} == {shard.split}
    notes = [clip.info.notes for clip in clips(small_corpus)]
    assert len(notes) == len(set(notes))
    assert all(clip.info.split == clip.split for clip in clips(small_corpus))


def test_the_code_version_follows_the_sources(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("x = 1\n")
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "c.py").write_text("y = 2\n")
    first = hash_of_files(tmp_path, ("a.py", "b"))
    (tmp_path / "b" / "c.py").write_bytes(b"y = 2\r\n")
    assert hash_of_files(tmp_path, ("a.py", "b")) == first
    (tmp_path / "b" / "c.py").write_text("y = 3\n")
    assert hash_of_files(tmp_path, ("a.py", "b")) != first
    with pytest.raises(FileNotFoundError):
        hash_of_files(tmp_path, ("gone",))
    assert len(code_version()) == 16

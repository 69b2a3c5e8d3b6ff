"""The ear: what it gives back, and that it survives the disk."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from engine.errors import UserError
from engine.training.tower.hearing import Ear, load_ear, save_ear
from engine.training.tower.network import HearingNet, TowerShape
from engine.training.tower.windows import windows

SHAPE = TowerShape(stem=(4, 8), channels=16, blocks=2, features=12, joint=8)
CLASSES = {"genre": ("dub", "funk", "trance"), "mood": ("calm", "dark")}


@pytest.fixture(scope="module")
def ear() -> Ear:
    torch.manual_seed(1)
    net = HearingNet(SHAPE, text_width=10, classes={k: len(v) for k, v in CLASSES.items()})
    net.text.standardise(torch.randn(20, 10) * 3 + 1)
    thresholds = {"mood": np.array([0.25, 0.5], np.float32)}
    return Ear(net=net.eval(), classes=dict(CLASSES), thresholds=thresholds)


def mel(frames: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).uniform(-1, 1, (160, frames)).astype(np.float32)


def test_shapes_and_lengths(ear: Ear) -> None:
    heard = ear.hear([mel(300), mel(1000, 1), mel(2300, 2)])
    assert heard.features.shape == (3, 12)
    assert heard.vectors.shape == (3, 8)
    assert {k: v.shape for k, v in heard.tags.items()} == {"genre": (3, 3), "mood": (3, 2)}
    assert np.allclose(np.linalg.norm(heard.vectors, axis=1), 1, atol=1e-5)
    assert np.allclose(heard.tags["genre"].sum(axis=1), 1, atol=1e-5)
    assert heard.tags["mood"].min() > 0
    assert heard.tags["mood"].max() < 1
    for array in (heard.features, heard.vectors, *heard.tags.values()):
        assert array.dtype == np.float32


def test_a_clip_is_the_mean_of_its_windows(ear: Ear) -> None:
    long = mel(2300)
    alone = ear.hear([*windows(long)])
    whole = ear.hear([long])
    assert np.allclose(whole.features[0], alone.features.mean(axis=0), atol=1e-5)
    mean = alone.vectors.mean(axis=0)
    assert np.allclose(whole.vectors[0], mean / np.linalg.norm(mean), atol=1e-5)


def test_one_by_one_and_many_at_once_agree(ear: Ear) -> None:
    mels = [mel(400 + 300 * n, n) for n in range(40)]  # more windows than are heard at once
    together = ear.hear(iter(mels))
    assert np.allclose(together.vectors[-1], ear.embed(mels[-1:])[0], atol=1e-5)
    assert np.allclose(together.features[3], ear.features(mels[3:4])[0], atol=1e-5)
    assert np.allclose(together.tags["mood"][20], ear.tags(mels[20:21])["mood"][0], atol=1e-5)


def test_nothing_is_heard_in_nothing(ear: Ear) -> None:
    assert ear.features([]).shape == (0, 12)
    assert ear.embed([]).shape == (0, 8)
    assert ear.tags([])["genre"].shape == (0, 3)


def test_texts_are_placed(ear: Ear) -> None:
    means = np.random.default_rng(0).standard_normal((5, 10)).astype(np.float32)
    placed = ear.embed_text_means(means)
    assert placed.shape == (5, 8)
    assert np.allclose(np.linalg.norm(placed, axis=1), 1, atol=1e-5)
    x = (torch.from_numpy(means) - ear.net.text.centre) / ear.net.text.spread
    assert x.abs().mean() < 3
    with pytest.raises(UserError, match="not \\(N, 10\\)"):
        ear.embed_text_means(means[:, :7])


def test_names_of_what_is_heard(ear: Ear) -> None:
    genres = np.array([[0.2, 0.5, 0.3], [0.6, 0.1, 0.3]], np.float32)
    assert ear.names("genre", genres) == [("funk",), ("dub",)]
    moods = np.array([[0.3, 0.6], [0.3, 0.4], [0.1, 0.2]], np.float32)
    assert ear.names("mood", moods) == [("dark", "calm"), ("calm",), ()]


def test_it_survives_the_disk(ear: Ear, tmp_path: Path) -> None:
    save_ear(tmp_path / "ear.safetensors", ear)
    for path in (tmp_path, tmp_path / "ear.safetensors"):
        loaded = load_ear(path)
        assert loaded.classes == ear.classes
        assert np.array_equal(loaded.thresholds["mood"], ear.thresholds["mood"])
        assert loaded.net.shape == SHAPE
        assert np.array_equal(loaded.embed([mel(500)]), ear.embed([mel(500)]))
        means = np.ones((1, 10), np.float32)
        assert np.array_equal(loaded.embed_text_means(means), ear.embed_text_means(means))


def test_what_does_not_fit_is_damaged(ear: Ear, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="noisefall train tower"):
        load_ear(tmp_path)
    short = replace(ear, thresholds={"mood": np.zeros(3, np.float32)})
    save_ear(tmp_path / "short.safetensors", short)
    with pytest.raises(UserError, match="3 thresholds for 2 classes"):
        load_ear(tmp_path / "short.safetensors")
    wide = replace(ear, classes={**CLASSES, "genre": ("dub",)})
    save_ear(tmp_path / "wide.safetensors", wide)
    with pytest.raises(UserError, match="was not read"):
        load_ear(tmp_path / "wide.safetensors")


def test_the_starter_is_small() -> None:
    counts = {"genre": 65, "era": 8, "instrument": 90, "mood": 24}
    net = HearingNet(TowerShape(), text_width=256, classes=counts).eval()
    assert sum(p.numel() for p in net.parameters()) < 3e6
    with torch.no_grad():
        assert net.tower(torch.zeros(1, 160, 1000)).shape == (1, 256)

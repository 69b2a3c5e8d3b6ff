"""`noisefall label` refuses what it cannot use before anything is loaded."""

from pathlib import Path

import numpy as np
import pytest

from engine.cli import main
from engine.cli.label import place_with


@pytest.mark.parametrize(
    ("options", "why"),
    [
        (["--arrays", "mel,smell"], "there is no array ['smell']"),
        (["--seconds-per-part", "0"], "some length"),
        (["--compositions", "0"], "no captions"),
        (["--ray", "0"], "nobody would hear"),
        ([], "none"),
    ],
)
def test_options_that_make_no_sense_are_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], options: list[str], why: str
) -> None:
    paths = ["--out", str(tmp_path / "out"), "--ear", str(tmp_path / "none"), "--text", "x"]
    assert main(["label", str(tmp_path), *paths, *options]) == 2
    told = capsys.readouterr().err
    assert told.startswith("noisefall: ")
    assert why in told
    assert not (tmp_path / "out").exists()


def test_texts_lie_where_the_mean_of_their_tokens_does() -> None:
    class Ear:
        def embed(self, mels: object) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
            raise NotImplementedError

        def embed_text_means(
            self, means: np.ndarray[tuple[int, ...], np.dtype[np.float32]]
        ) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
            return means * 2

    place = place_with(
        lambda texts: [np.array([[1.0, 3.0], [3.0, 5.0]], np.float32)] * len(texts), Ear()
    )
    assert place(["a", "b"] * 40).tolist() == [[4.0, 8.0]] * 80

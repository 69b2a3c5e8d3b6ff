"""The page: choose a clip of every genre, and lay it out.

Everything is inside the one file (images as data URIs), so that it can be sent and kept.
"""

from dataclasses import replace
from html import escape
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from engine.corpus.annotate import Annotations
from engine.corpus.captions import Captions
from engine.corpus.sheet.colours import ROLE_COLOURS, level_palette, side_palette
from engine.corpus.sheet.png import data_uri, png_bytes, shades
from engine.corpus.sheet.roll import WIDTH, roll_svg
from engine.corpus.store.read import StoredClip, open_corpus
from engine.errors import UserError
from engine.files import replace_file

_STYLE: Final = """
body{background:#101214;color:#d8dce0;font:14px/1.45 system-ui,sans-serif;margin:2rem auto;
max-width:1060px;padding:0 1rem}
h1{font-size:1.3rem;font-weight:600}h2{font-size:1.05rem;margin:0;text-transform:capitalize}
article{background:#181b1f;border-radius:8px;margin:1rem 0;padding:1rem 1.2rem}
.facts{color:#98a2ac;margin:.1rem 0 .6rem}
svg,img{display:block;width:100%}
svg text{fill:#c8ced4;font-size:10px}svg .chord{fill:#e8ecf0;font-size:10px}
.mel{height:150px;margin-top:.5rem}.side{height:40px}
p{margin:.35rem 0}.tags span{background:#262b31;border-radius:3px;padding:0 .4em;margin-right:.3em}
.legend span{margin-right:1em}.legend i{display:inline-block;width:.8em;height:.8em;
border-radius:2px;margin-right:.3em}audio{width:100%;height:32px;margin-top:.5rem}
"""


def write_sheet(folder: Path, out: Path, *, audio: bool = False) -> int:
    """Write the sheet of a corpus.

    Args:
        folder: of the corpus.
        out: the HTML file.
        audio: whether every clip's FLAC is in the page (half a megabyte each).

    Returns:
        How many clips it shows.

    Raises:
        UserError: there is no corpus, or the file cannot be written.
    """
    corpus = open_corpus(folder)
    chosen = _one_of_every_genre(list(corpus.clips()))
    legend = "".join(
        f'<span><i style="background:{colour}"></i>{role}</span>'
        for role, colour in ROLE_COLOURS.items()
    )
    page = [
        f'<!doctype html><html lang="en"><meta charset="utf-8"><title>{escape(folder.name)}</title>'
        f"<style>{_STYLE}</style>",
        f"<h1>{escape(folder.name)}: {corpus.plan.seconds / 3600:.2f} hours, seed"
        f" {corpus.plan.seed}, one clip of each of {len(chosen)} genres</h1>",
        f'<p class="legend">{legend}</p><p class="facts">Below the notes: the log-mel (level, −100'
        " to 0 dB per band), and its left − right difference (orange left, blue right).</p>",
    ]
    page += [_article(clip, audio=audio) for clip in chosen]
    try:
        replace_file(out, "\n".join(page).encode())
    except OSError as error:
        raise UserError(
            "The sheet was not written",
            f"{out}: {error.strerror}",
            "Choose another file with --out",
        ) from None
    return len(chosen)


def _one_of_every_genre(clips: list[StoredClip]) -> list[StoredClip]:
    """The first full one-shot of each genre, or what there is."""
    best: dict[str, tuple[int, StoredClip]] = {}
    for clip in clips:
        labels = replace(clip).annotations  # of a copy: they need not stay in memory
        rank = (labels.texture == "full") + (not labels.loop)
        if labels.genre not in best or rank > best[labels.genre][0]:
            best[labels.genre] = (rank, clip)
    return [clip for _, (_, clip) in sorted(best.items())]


def _article(clip: StoredClip, *, audio: bool) -> str:
    labels = clip.annotations
    player = ""
    if audio:
        player = f'<audio controls src="{data_uri(clip.file("flac"), "audio/flac")}"></audio>'
    return (
        f"<article><h2>{escape(labels.genre)}</h2>"
        f'<p class="facts">{escape(_facts(labels))} · {escape(clip.key)} ({clip.split})</p>'
        f"{roll_svg(labels, clip.file('mid'))}{_images(clip.mel())}{player}"
        f"{_text(clip.captions)}</article>"
    )


def _facts(labels: Annotations) -> str:
    facts = [
        f"{labels.bpm:g} BPM", labels.meter, f"{labels.key} ({labels.mode})" if labels.key else "",
        f"{labels.bars} bars, {labels.seconds:.1f} s", labels.texture,
        "loop" if labels.loop else "", f"swing {labels.swing:.2f}" if labels.swing >= 0.1 else "",
        f"energy {labels.energy:.2f}", ", ".join(labels.moods), labels.era,
        ", ".join(part.instrument for part in labels.parts),
    ]  # fmt: skip
    return " · ".join(fact for fact in facts if fact)


def _images(mel: NDArray[np.float16]) -> str:
    """The level and the difference of a (160, frames) mel."""
    level, side = np.split(_narrowed(np.asarray(mel, np.float32)), 2)
    pictures = (
        ("mel", level, level_palette(), "Log-mel"),
        ("side", side, side_palette(), "Left − right"),
    )
    return "".join(
        f'<img class="{name}" alt="{alt}"'
        f' src="{data_uri(png_bytes(shades(image), palette), "image/png")}">'
        for name, image, palette, alt in pictures
    )


def _narrowed(mel: NDArray[np.float32]) -> NDArray[np.float32]:
    """Means of neighbouring frames, to at most the page's width."""
    step = -(-mel.shape[1] // WIDTH)
    frames = mel.shape[1] // step * step
    narrow: NDArray[np.float32] = mel[:, :frames].reshape(mel.shape[0], -1, step).mean(axis=2)
    return narrow


def _text(captions: Captions) -> str:
    long = "".join(f"<p>{escape(sentence)}</p>" for sentence in captions.long)
    tags = "".join(f"<span>{escape(tag)}</span>" for tag in captions.short)
    names = "".join(f"<span>{escape(tag)}</span>" for tag in captions.entities)
    return (
        f"<p><b>{escape(captions.title)}</b></p>{long}"
        f'<p class="tags">{tags}</p><p class="tags facts">{names}</p>'
    )

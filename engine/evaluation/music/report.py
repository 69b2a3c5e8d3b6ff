"""The report: one page that explains itself, the same figures as JSON, and a table for documents.

Everything that the page shows is inside it; only its links to sounds need the folder beside it.
"""

import math
from collections.abc import Sequence
from html import escape
from pathlib import Path
from typing import Any, Final

import msgspec

from engine.corpus.sheet.png import data_uri
from engine.evaluation.files import write_report_files
from engine.evaluation.music.asks import Ask
from engine.evaluation.music.figures import Row, Target, ask_figures
from engine.evaluation.music.making import SYSTEMS, Band, made_name, real_name
from engine.evaluation.music.run import SHELF, Outcome
from engine.evaluation.music.shelf import Shelf
from engine.evaluation.music.tags import likeliest
from engine.evaluation.pictures import side_by_side
from engine.evaluation.summary import markdown
from engine.music.keys import KEYS

FORMAT: Final = 1
PICTURES: Final = 30
BANDS: Final = 80
DASH: Final = "–"
HEADING: Final = ("", "generated", "of the ceiling", "real", "vocoder", "target", "met")
NOTES: Final = (
    "Real: the same measure on the real clips behind the prompts. Vocoder: on their mels through"
    " the bundle's vocoder. Intervals are 95 %, by bootstrap over prompts.",
    "Tags are asked of the judge, a tower trained on real clips of the corpus: as many as the clip"
    " behind the prompt has, and what the prompt said has to be among them.",
    "The Fréchet distance is over the judge's own features, in total variances of the real clips"
    " along their leading axes. It is not comparable with published figures. Its ceiling, and the"
    " classifier's, are real clips of another split.",
)
_STYLE: Final = """
body{background:#101214;color:#d8dce0;font:14px/1.45 system-ui,sans-serif;margin:2rem auto;
max-width:1100px;padding:0 1rem}h1{font-size:1.3rem}h2{font-size:1.05rem;margin-top:2rem}
table{border-collapse:collapse;width:100%}td,th{padding:.25rem .6rem;text-align:right;
border-bottom:1px solid #262b31}td:first-child,th:first-child{text-align:left}
.yes{color:#7ccf8a}.no{color:#f0876f}.facts,small{color:#98a2ac}a{color:#8fb8e8}
figure{margin:1rem 0}figcaption{margin-bottom:.2rem}img{display:block;max-width:100%}
code{background:#181b1f;padding:.1rem .3rem;overflow-wrap:anywhere}
"""


def write_music_report(outcome: Outcome, band: Band, folder: Path) -> None:
    """Write report.html, results.json, report.md and the pictures.

    Raises:
        UserError: the folder cannot be written.
    """
    shown = shown_asks(outcome.judged.asks)
    shelf = Shelf(folder / SHELF)
    pictures = {f"{place:02d}.png": _picture(ask, band, shelf) for place, ask in enumerate(shown)}
    files = {
        "results.json": results_json(outcome),
        "report.md": report_markdown(outcome).encode(),
        "report.html": _html(outcome, band, list(zip(shown, pictures.values(), strict=True))),
        **{f"mels/{name}": data for name, data in pictures.items()},
    }
    write_report_files(folder, files)


def shown_asks(asks: Sequence[Ask]) -> list[Ask]:
    """At most PICTURES asks: one of each genre, then a second one, genre by genre."""
    laps: dict[str, int] = {}
    ranked = []
    for ask in asks:
        lap = laps[ask.genre] = laps.get(ask.genre, -1) + 1
        ranked.append((lap, ask.number, ask))
    first = [ask for _, _, ask in sorted(ranked, key=lambda item: item[:2])]
    laps_one = sum(lap == 0 for lap, _, _ in ranked)
    if laps_one > PICTURES:  # genres at even distances
        first = [first[place * laps_one // PICTURES] for place in range(PICTURES)]
    return sorted(first[:PICTURES], key=lambda ask: (ask.genre, ask.number))


def _picture(ask: Ask, band: Band, shelf: Shelf) -> bytes:
    return side_by_side([shelf.mel(real_name(ask)), shelf.mel(made_name(ask, band))], BANDS)


def table(rows: Sequence[Row]) -> list[tuple[str, ...]]:
    """Rows of text, the heading first."""
    return [HEADING, *(_cells(row) for row in rows)]


def _cells(row: Row) -> tuple[str, ...]:
    made = row.made
    text = shown(made.value, row.unit)
    if not math.isnan(made.low):
        text += (
            f" [{shown(made.low, row.unit, bare=True)}, {shown(made.high, row.unit, bare=True)}]"
        )
    lower = row.target is None or row.target.kind == "at most"
    share = math.nan if lower or not row.real > 0 else made.value / row.real
    met = {True: "yes", False: "no", None: DASH}[row.met]
    return (
        f"{row.text} ({made.clips})", text, shown(share, "%"), shown(row.real, row.unit),
        shown(row.vocoded, row.unit), _target(row.target, row.unit), met,
    )  # fmt: skip


def shown(value: float, unit: str, *, bare: bool = False) -> str:
    """A figure as it is read; a dash where there is none."""
    if math.isnan(value):
        return DASH
    if unit == "%":
        return f"{100 * value:.0f}" + ("" if bare else " %")
    return f"{value:.1f}{'' if bare else ' ms'}" if unit == "ms" else f"{value:.3f}"


def _target(target: Target | None, unit: str) -> str:
    if target is None:
        return DASH
    if target.kind == "of the ceiling":
        return f"≥ {100 * target.value:.0f} % of the ceiling"
    return f"{'≥' if target.kind == 'at least' else '≤'} {shown(target.value, unit)}"


def title(outcome: Outcome) -> str:
    """One line about the run."""
    facts, asks = outcome.facts, outcome.judged.asks
    return (
        f"{facts.bundle}, {facts.sampling}: {len(asks)} prompts about"
        f" {len(set(outcome.judged.keys))} clips of {len({ask.genre for ask in asks})} genres"
        f" ({facts.split})"
    )


def results_json(outcome: Outcome) -> bytes:
    """Every figure and every prompt; what cannot be said is null."""
    facts = outcome.facts
    rows = [
        {**msgspec.to_builtins(row), "met": row.met}
        for row in outcome.table
    ]  # fmt: skip
    report = {
        "format": FORMAT,
        "facts": msgspec.to_builtins(facts),
        "rows": rows,
        "prompts": [ask_entry(outcome, index) for index in range(len(outcome.judged.asks))],
        "captions": [
            {"prompt": group.prompt, "clips": len(group.clips),
             "spread": {s: outcome.judged.spreads[s][place] for s in SYSTEMS}}
            for place, group in enumerate(outcome.questions.groups)
        ],
    }  # fmt: skip
    return msgspec.json.format(msgspec.json.encode(report), indent=1)


def ask_entry(outcome: Outcome, index: int) -> dict[str, Any]:
    """One prompt, what it asked and what came of it."""
    judged = outcome.judged
    ask = judged.asks[index]
    entry, heard = ask.clip.entry, judged.heard["made"][index]
    return {
        "number": ask.number, "source": ask.source, "prompt": ask.prompt, "said": dict(ask.said),
        "clip": entry.key, "genre": ask.genre, "bars": ask.bars, "loop": entry.loop,
        "bpm": entry.bpm, "key": entry.key_name, "heard_bpm": heard.bpm,
        "heard_key": None if heard.key is None else KEYS[heard.key],
        "heard_tags": likeliest(judged.tags["made"], judged.classes, index),
        "cosine": {s: float(judged.texts[index] @ judged.vectors[s][index]) for s in SYSTEMS},
        "figures": ask_figures(judged, index),
    }  # fmt: skip


def report_markdown(outcome: Outcome) -> str:
    """The table, the command and the machine."""
    facts = outcome.facts
    lines = ["# Music", "", f"{title(outcome)}.", "", *markdown(table(outcome.table)), ""]
    lines += [*NOTES, "", "```sh", facts.command, "```", ""]
    lines += [f"Measured on {facts.machine}, by {facts.ear}.", ""]
    return "\n".join(lines)


# ── the page ──────────────────────────────────────────────────────────────────────────────


def _html(outcome: Outcome, band: Band, pictures: Sequence[tuple[Ask, bytes]]) -> bytes:
    facts = outcome.facts
    page = [
        '<!doctype html><html lang="en"><meta charset="utf-8"><title>Noisefall: music measured'
        f"</title><style>{_STYLE}</style>",
        f"<h1>{escape(title(outcome))}</h1>",
        f'<p class="facts">On {escape(facts.machine)}, by {escape(facts.ear)}.<br>'
        f"<code>{escape(facts.command)}</code></p>",
        _table(table(outcome.table)),
        *(f"<p><small>{escape(note)}</small></p>" for note in NOTES),
        "<h2>Real (left) and generated (right), genre by genre</h2>",
        *(_figure(ask, picture, band) for ask, picture in pictures),
        "<h2>Every prompt</h2>",
        _table([_PROMPT_HEADING, *map(_prompt_cells, _entries(outcome))]),
    ]
    return "\n".join(page).encode()


def _table(rows: Sequence[Sequence[str]]) -> str:
    lines = ["<table>"]
    for place, row in enumerate(rows):
        tag = "td" if place else "th"
        cells = (f"<{tag}{_mark(cell)}>{escape(cell)}</{tag}>" for cell in row)
        lines.append(f"<tr>{''.join(cells)}</tr>")
    return "\n".join([*lines, "</table>"])


def _mark(cell: str) -> str:
    return f' class="{cell}"' if cell in ("yes", "no") else ""


def _figure(ask: Ask, picture: bytes, band: Band) -> str:
    real, made = (f"{SHELF}/{name}.flac" for name in (real_name(ask), made_name(ask, band)))
    return (
        f"<figure><figcaption>{escape(ask.genre)}: {escape(ask.prompt)}"
        f' <a href="{escape(real)}">real</a> <a href="{escape(made)}">generated</a></figcaption>'
        f'<img src="{data_uri(picture, "image/png")}" alt="{escape(ask.genre)}"></figure>'
    )


_PROMPT_HEADING: Final = ("prompt", "from", "asked", "heard", "genre heard", "cosine", "real's")


def _entries(outcome: Outcome) -> list[dict[str, Any]]:
    return [ask_entry(outcome, index) for index in range(len(outcome.judged.asks))]


def _prompt_cells(entry: dict[str, Any]) -> tuple[str, ...]:
    bpm = DASH if entry["heard_bpm"] is None else f"{entry['heard_bpm']:.1f}"
    return (
        f"{entry['number']} {entry['genre']}: {entry['prompt']}", entry["source"],
        f"{entry['bpm']:g} BPM, {entry['key'] or DASH}, {entry['bars']} bars",
        f"{bpm} BPM, {entry['heard_key'] or DASH}", entry["heard_tags"].get("genre", DASH),
        f"{entry['cosine']['made']:.3f}", f"{entry['cosine']['real']:.3f}",
    )  # fmt: skip

"""How a part sits in the mix: the seat's settings bent by mood and era; filters."""

from dataclasses import replace

from engine.composer.cast import was_asked
from engine.composer.genres import ERAS
from engine.composer.request import Plan
from engine.composer.song import Player, Song
from engine.music.score import Note, Part

_ASKED_DB = 3.0  # what was asked for stands in front of the others
_DARKENED = frozenset({"harmony", "pad", "arpeggio"})


def _unit(value: float) -> float:
    return round(min(1.0, max(0.0, value)), 3)


def _effects(plan: Plan, player: Player) -> dict[str, float]:
    effects = dict(player.seat.effects)
    dark = plan.mood.lowpass_hz
    if dark and player.seat.role in _DARKENED:
        effects["lowpass_hz"] = min(dark, effects.get("lowpass_hz", dark))
    if plan.texture != "full":
        effects.pop("sidechain", None)  # nothing to duck under
    if player.seat.sweep:
        effects["filter_sweep"] = 1.0
    return effects


def _cutoff(song: Song, player: Player) -> tuple[tuple[float, float], ...]:
    """Open in strong sections, closed in weak ones, ramping through a build."""
    if not player.seat.sweep:
        return ()
    bar_q = song.plan.bar_q
    points: list[tuple[float, float]] = []
    for place, span in enumerate(song.spans):
        openness = round(0.25 + 0.7 * span.level, 3)
        start, end = span.start_bar * bar_q, span.end_bar * bar_q
        final = openness
        if span.name in ("build", "intro", "break") and place + 1 < len(song.spans):
            final = round(0.25 + 0.7 * song.spans[place + 1].level, 3)
        points += [(start, openness), (end - 0.01, final)]
    if song.plan.loop:
        points[-1] = (points[-1][0], points[0][1])
    return tuple(points)


def make_part(song: Song, player: Player, notes: tuple[Note, ...]) -> Part:
    """A part from its notes."""
    plan, seat = song.plan, player.seat
    era = ERAS[plan.era]
    dice = song.dice("mix", player.name)
    near = seat.role in ("bass", "drums")
    room = 0.0 if near else plan.mood.reverb + era.reverb
    pan = 0.0 if near else seat.pan + dice.between(-0.12, 0.12)
    forward = _ASKED_DB if was_asked(plan, player) else 0.0
    part = Part(
        name=player.name, role=seat.role, instrument=player.instrument, notes=notes,
        gain_db=round(seat.gain_db + dice.between(-1.0, 1.0) + forward, 2),
        pan=round(min(1.0, max(-1.0, pan)), 3), width=_unit(seat.width * era.width),
        reverb=_unit(seat.reverb + room), delay=_unit(seat.delay), effects=_effects(plan, player),
        cutoff=_cutoff(song, player),
    )  # fmt: skip
    if plan.texture == "solo":
        return replace(part, pan=0.0, gain_db=0.0)
    return part


def master(plan: Plan) -> dict[str, float]:
    """The treatment of the whole: the genre's and the era's, the stronger of the two."""
    result = dict(plan.row.master)
    for name, amount in ERAS[plan.era].master.items():
        weaker = name == "lofi_hz"
        known = result.get(name, amount)
        result[name] = min(known, amount) if weaker else max(known, amount)
    return result

"""From a seed to a composition: plan, form, harmony, players, performance, mix.

Rejected: composing by a trained model (the starter needs a teacher whose key, chords and tempo are
known exactly) and random notes (a model can be only as musical as what it hears).
"""

from collections.abc import Callable
from dataclasses import replace
from functools import partial

from engine.composer.bass import play_bass
from engine.composer.cast import draw_cast, was_asked
from engine.composer.comping import play_chords
from engine.composer.drums import play_drums
from engine.composer.ending import bridge, finish
from engine.composer.form import draw_form
from engine.composer.harmony import draw_chords
from engine.composer.humanise import perform, tidy
from engine.composer.melody import play_melody
from engine.composer.mix import make_part, master
from engine.composer.request import Plan, Request, draw_plan
from engine.composer.solo import has_hands, play_hands
from engine.composer.song import Event, Player, Song, clamp_velocity
from engine.composer.theory.keyfit import key_margin
from engine.composer.theory.modes import nearest_key
from engine.music.instruments import INSTRUMENTS
from engine.music.keys import key_index
from engine.music.score import Note, Part, Role, Score, Section

# A piece should say its key: drafts of one plan until it does, else the one that says it best.
_DRAFTS = 5

# in this order: the bass hears the kick, the second voice the first
_ORDER: tuple[Role, ...] = ("drums", "bass", "harmony", "pad", "arpeggio", "melody", "fx")


def _play_fx(song: Song, player: Player, bars: list[int]) -> list[Event]:
    """Risers into, or impacts on, every section that is stronger than the one before.

    Where none is, what was asked for leads into the end, or strikes with the beginning.
    """
    del bars
    plan, rises = song.plan, player.instrument == "riser"
    arrivals = [
        (span.start_bar * plan.bar_q, before.bars, span.energy)
        for before, span in zip(song.spans, song.spans[1:], strict=False)
        if span.level > before.level
    ]
    if not arrivals and was_asked(plan, player):
        arrivals = [(plan.total_q if rises else 0.0, -(-plan.bars // 2), plan.energy)]
    tonic = player.low + (plan.tonic - player.low) % 12
    events: list[Event] = []
    for arrival, bars_before, energy in arrivals:
        length = min(bars_before, 4) * plan.bar_q if rises else 4.0
        start = arrival - length if rises else arrival
        events.append((start, length, tonic, clamp_velocity(70 + 40 * energy)))
    return events


_PLAY: dict[Role, Callable[[Song, Player, list[int]], list[Event]]] = {
    "drums": play_drums,
    "bass": play_bass,
    "harmony": play_chords,
    "pad": play_chords,
    "arpeggio": play_chords,
    "melody": play_melody,
    "fx": _play_fx,
}


def _bars_of(song: Song, players: list[Player]) -> dict[str, list[int]]:
    """In which bars everybody plays: by the level of the sections, never fewer than two at once.

    Who was asked for plays somewhere in every form, and all through what has none.
    """
    plan = song.plan
    levels = [span.level for span in song.spans]
    everywhere = {
        player.name
        for player in players
        if was_asked(plan, player)
        and (plan.loop or plan.excerpt or not any(map(partial(_fits, player), levels)))
    }
    bars: dict[str, list[int]] = {player.name: [] for player in players}
    for span in song.spans:
        playing = [p for p in players if _fits(p, span.level) or p.name in everywhere]
        if plan.texture != "full":
            playing = players
        eager = sorted((p for p in players if p.seat.role != "fx"), key=lambda p: p.seat.enter)
        for player in eager:
            if sum(p.seat.role != "fx" for p in playing) >= 2:
                break
            if player not in playing:
                playing.append(player)
        for player in playing:
            bars[player.name] += range(span.start_bar, span.end_bar)
    return bars


def _fits(player: Player, level: float) -> bool:
    return player.seat.enter <= level < player.seat.leave


def _part_notes(song: Song, player: Player, bars: list[int]) -> tuple[Note, ...]:
    """What a player plays, performed and tidied."""
    if not bars and player.seat.role != "fx":
        return ()
    play = _PLAY[player.seat.role]
    if song.plan.texture == "solo" and has_hands(player):
        play = play_hands
    events = play(song, player, bars)
    if song.plan.ending:
        events = finish(song, player, events)
    dice = song.dice("touch", player.name)
    row = INSTRUMENTS[player.instrument]
    played = perform(song, player.seat.role, events, dice)
    return tidy(played, song.plan.total_q, low=row.low, high=row.high)


def _parts(song: Song, players: list[Player]) -> tuple[Part, ...]:
    bars = _bars_of(song, players)
    notes: dict[str, tuple[Note, ...]] = {}
    for role in _ORDER:
        for player in players:
            if player.seat.role == role:
                notes[player.name] = _part_notes(song, player, bars[player.name])
    sounding = [player for player in players if notes[player.name]]
    bridged = bridge(song, sounding, [notes[player.name] for player in sounding])
    return tuple(
        make_part(song, player, line) for player, line in zip(sounding, bridged, strict=True)
    )


def _score(plan: Plan, song: Song, parts: tuple[Part, ...]) -> Score:
    pitched = any(part.role not in ("drums", "fx") for part in parts)
    sections = tuple(Section(s.name, s.start_bar, s.bars, s.energy) for s in song.spans)
    return Score(
        seed=plan.seed, genre=plan.genre, bpm=plan.bpm, meter=plan.meter, bars=plan.bars,
        tonic=plan.tonic, mode=plan.mode,
        key=nearest_key(plan.tonic, plan.mode) if pitched else None,
        swing=plan.swing, sections=sections, chords=song.chords, parts=parts, energy=plan.energy,
        moods=plan.moods, era=plan.era, texture=plan.texture, master=master(plan), loop=plan.loop,
    )  # fmt: skip


def pitch_class_weights(score: Score) -> list[float]:
    """How long each pitch class sounds (12 values, q); a long note counts for four beats."""
    weights = [0.0] * 12
    for part in score.parts:
        if part.role not in ("drums", "fx"):
            for note in part.notes:
                weights[note.pitch % 12] += min(note.duration_q, 4.0)
    return weights


def _draft(plan: Plan) -> Score:
    spans = draw_form(plan)
    song = Song(plan, spans, plan.chords or draw_chords(plan, spans))
    return _score(plan, song, _parts(song, draw_cast(plan)))


def compose(seed: int, *, request: Request | None = None) -> Score:
    """A composition, the same for the same seed and request on every machine.

    Args:
        seed: any integer; every seed is another piece.
        request: what is fixed; everything else is drawn.

    Returns:
        A score of 24–30 s, or a loop of 4–16 s, unless the request says otherwise.
    """
    plan = draw_plan(seed, request or Request())
    drafts: list[tuple[float, Score]] = []
    for attempt in range(_DRAFTS):
        score = _draft(replace(plan, attempt=attempt))
        if score.key is None:
            return score
        margin = key_margin(pitch_class_weights(score), key_index(score.key))
        if margin > 0:
            return score
        drafts.append((margin, score))
    return max(drafts, key=lambda draft: draft[0])[1]

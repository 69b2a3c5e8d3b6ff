"""Who plays: seats filled for the texture, the era and what was asked for."""

from dataclasses import replace

from engine.composer.dice import Dice
from engine.composer.genres import ERAS, Seat
from engine.composer.genres.model import arp, bass, chords, drums, fx, lead, pad
from engine.composer.request import Plan
from engine.composer.song import Player
from engine.music.instruments import INSTRUMENTS
from engine.music.score import Role

NAMES: dict[Role, str] = {
    "drums": "drums",
    "bass": "bass",
    "harmony": "chords",
    "pad": "pad",
    "arpeggio": "arp",
    "melody": "lead",
    "fx": "fx",
}
_ERA_FACTOR = 2.5
_MOST_PLAYERS = 9
_NARROWEST = 19  # semitones that a voicing needs

# family of an instrument that no seat of the genre offers → the seat that is made for it
_SEATS_OF_FAMILY: dict[str, Seat] = {
    **dict.fromkeys(("drums", "drum machine"), drums("standard kit")),
    **dict.fromkeys(
        ("bass guitar", "upright bass", "slap bass", "synth bass", "808 bass", "sub bass",
         "acid bass", "reese bass", "contrabass"), bass("roots*2, pop, eighths", "fingered bass")),
    **dict.fromkeys(("piano", "electric piano", "organ", "harpsichord", "clavinet", "fm keys",
                     "accordion"), chords("whole, pop, ballad", "grand piano")),
    **dict.fromkeys(("acoustic guitar", "electric guitar"), chords("strum, fingerpick",
                                                                   "clean guitar", voices="open")),
    "distorted guitar": chords("power eighths, power hold", "distorted guitar", voices="power",
                               low=40, high=62),
    "banjo": chords("banjo roll", "banjo", voices="triad"),
    **dict.fromkeys(("strings", "choir", "synth pad", "supersaw"), pad("warm pad")),
    **dict.fromkeys(("harp", "synth pluck", "kalimba", "bells", "timpani"), arp("arp 8", "harp")),
    "pizzicato strings": chords("pizzicato", "pizzicato strings", voices="triad"),
    **dict.fromkeys(("riser", "impact"), fx()),
}  # fmt: skip
_OTHER = lead("lyric, pop", "flute")


def _register(seat: Seat, instrument: str, shift: int) -> tuple[int, int]:
    """Where seat and instrument agree, moved by the mood, never too narrow for a chord."""
    row = INSTRUMENTS[instrument]
    if seat.role in ("drums", "bass") or seat.voices == "power":
        shift = 0
    low, high = max(seat.low + shift, row.low), min(seat.high + shift, row.high)
    if high - low < _NARROWEST:
        middle = (low + high) // 2
        low = max(row.low, min(middle - 10, row.high - 20))
        high = min(row.high, low + 20)
    return low, high


def _instrument(plan: Plan, seat: Seat, taken: set[str], dice: Dice) -> str:
    """One of the seat's instruments: what was asked for first, then by era, better a new one."""
    wanted = [name for name in plan.instruments if name in seat.instruments and name not in taken]
    if wanted:
        return wanted[0]
    prefers = ERAS[plan.era].prefers
    table = {
        name: weight * (_ERA_FACTOR if name in prefers else 1.0) * (0.1 if name in taken else 1.0)
        for name, weight in seat.instruments.items()
    }
    return dice.weighted(table)


def _asked(plan: Plan, seats: list[Seat]) -> list[Seat]:
    """The seats with one added for every instrument that was asked for and has none."""
    result = list(seats)
    free = list(seats)
    for name in plan.instruments:
        offer = next((seat for seat in free if name in seat.instruments), None)
        if offer is not None:
            free.remove(offer)
            continue
        pattern = _SEATS_OF_FAMILY.get(INSTRUMENTS[name].family, _OTHER)
        result.append(_with_instrument(pattern, name))
    return result


def _with_instrument(seat: Seat, name: str) -> Seat:
    return Seat(
        seat.role, seat.styles, {name: 1.0}, 1.0, 0.0, seat.leave, seat.low, seat.high, seat.voices,
        seat.gain_db, seat.pan, seat.width, seat.reverb, seat.delay, seat.effects, seat.sweep, 1.0,
    )  # fmt: skip


def _needed(plan: Plan, seat: Seat) -> bool:
    return any(name in seat.instruments for name in plan.instruments)


def _is_beat(seat: Seat) -> bool:
    """Whether a seat is for drums that no band of the genre is without."""
    return seat.role == "drums" and seat.chance >= 1


def was_asked(plan: Plan, player: Player) -> bool:
    """Whether the request names what somebody plays."""
    return player.instrument in plan.instruments


def _allowed(plan: Plan, seats: list[Seat]) -> list[Seat]:
    """The seats without the instruments that must not play, and without those that it empties."""
    allowed: list[Seat] = []
    for seat in seats:
        kept = {name: w for name, w in seat.instruments.items() if name not in plan.without}
        if kept:
            allowed.append(replace(seat, instruments=kept))
    return allowed


def _full(plan: Plan, seats: list[Seat], dice: Dice) -> list[Seat]:
    chosen = [s for s in seats if dice.chance(s.chance) or _needed(plan, s)]
    pitched = [s for s in seats if s.role not in ("drums", "fx")]
    for seat in pitched:
        if sum(s.role not in ("drums", "fx") for s in chosen) >= 3:
            break
        if seat not in chosen:
            chosen.append(seat)
    asked = [s for s in chosen if _needed(plan, s)]
    chosen = [*asked, *(s for s in chosen if s not in asked)][:_MOST_PLAYERS]
    return [s for s in seats if s in chosen]


def _sparse(plan: Plan, seats: list[Seat], dice: Dice) -> list[Seat]:
    """Two or three players, at least one with pitches."""
    count = 2 if dice.chance(0.5) else 3
    asked = [s for s in seats if _needed(plan, s) or (plan.keeps_beat and _is_beat(s))]
    pool = [s for s in seats if s.role != "fx" and s not in asked and s.chance >= 0.3]
    foundation = [s for s in pool if s.role in ("harmony", "pad", "arpeggio", "bass")]
    chosen = asked[:]
    own = {place: s.solo for place, s in enumerate(seats) if s in pool and s.solo > 0}
    # what a genre is known by alone makes it known in company
    if own and all(_is_beat(s) for s in chosen):
        chosen.append(seats[dice.weighted(own)])
    if foundation and not any(s.role in ("harmony", "pad", "arpeggio", "bass") for s in chosen):
        chosen.append(dice.pick(foundation))
    others = [s for s in dice.shuffled(pool) if s not in chosen]
    for seat in others:
        if len(chosen) >= count:
            break
        if seat.role not in {s.role for s in chosen}:
            chosen.append(seat)
    return [s for s in seats if s in chosen]


def _solo(plan: Plan, seats: list[Seat], dice: Dice) -> list[Seat]:
    asked = [s for s in seats if _needed(plan, s) and s.role != "fx"]
    if asked:
        return asked[:1]
    table = {place: seat.solo for place, seat in enumerate(seats) if seat.role != "fx"}
    if not any(table.values()):
        return seats[:1]
    return [seats[dice.weighted(table)]]


def draw_cast(plan: Plan) -> list[Player]:
    """The players of a song, in the order of the genre's seats."""
    dice = Dice(plan.seed, "cast")
    seats = _asked(plan, list(plan.row.seats))
    if not plan.row.grooves.get(plan.meter) and "drums" not in _asked_roles(plan):
        seats = [s for s in seats if s.role != "drums"] or seats
    seats = _allowed(plan, seats) or seats  # somebody must play
    choose = {"full": _full, "sparse": _sparse, "solo": _solo}[plan.texture]
    players: list[Player] = []
    taken: set[str] = set()
    counts: dict[Role, int] = {}
    for seat in choose(plan, seats, dice):
        instrument = _instrument(plan, seat, taken, dice)
        taken.add(instrument)
        counts[seat.role] = counts.get(seat.role, 0) + 1
        number = counts[seat.role]
        name = NAMES[seat.role] + (f" {number}" if number > 1 else "")
        low, high = _register(seat, instrument, plan.mood.register)
        players.append(Player(seat, instrument, name, low, high))
    return players


def _asked_roles(plan: Plan) -> set[Role]:
    return {
        _SEATS_OF_FAMILY.get(INSTRUMENTS[name].family, _OTHER).role for name in plan.instruments
    }

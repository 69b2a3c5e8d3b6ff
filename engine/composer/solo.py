"""One player alone: two hands where the instrument has them (genres.styles_solo)."""

from dataclasses import replace

from engine.composer import comping, melody
from engine.composer.genres.styles_solo import HANDS
from engine.composer.song import Event, Player, Song
from engine.music.instruments import INSTRUMENTS


def has_hands(player: Player) -> bool:
    """Whether a player alone can give tune and chords at once."""
    chordal = player.seat.role in ("harmony", "melody")
    return chordal and INSTRUMENTS[player.instrument].family in HANDS


def play_hands(song: Song, player: Player, bars: list[int]) -> list[Event]:
    """Left hand (chords, bass) and right hand (tune) of one player, or chords alone."""
    row = INSTRUMENTS[player.instrument]
    hands = HANDS[row.family]
    dice = song.dice("hands", player.name)
    if player.seat.role == "harmony" and dice.chance(0.3):
        return comping.play_chords(song, player, bars)
    low, split = max(row.low, hands.low), hands.split
    seat = replace(player.seat, voices="close" if row.family != "acoustic guitar" else "open")
    left = Player(seat, player.instrument, player.name, low, max(split, low + 19))
    right = replace(
        player, low=max(split, row.low), high=min(row.high, max(hands.high, split + 19))
    )
    chords = comping.play_style(song, left, dice.weighted(hands.comp), bars)
    style = dice.weighted(hands.melody)
    tune = melody.play_style(song, right, style, bars, breathe=False)
    struck = {(round(q, 3), pitch) for q, _, pitch, _ in tune}
    under = [e for e in chords if (round(e[0], 3), e[2]) not in struck]
    softer = [
        (q, length, pitch, max(1, int(velocity * 0.82))) for q, length, pitch, velocity in under
    ]
    return softer + tune

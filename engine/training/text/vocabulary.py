"""The words to be understood: the captions' lexicon by what it names, and wider ones beyond it.

Each category (a genre, an instrument, a mood, an era) has words that training captions use and one
that they never do (the lexicon's "~"). The text encoder learns those as well, so that a prompt may
use them. Every fifth is spared: no text that contains it is ever learnt from, so that what is
measured on the spared ones is understanding and not memory.

Rejected: the wider words in the captions' own lexicon (no label of a clip makes them true).
"""

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Final

from engine.corpus.captions import lexicon
from engine.corpus.captions.words import Word

_SPARED_OF_256: Final = 51  # a fifth


@dataclass(frozen=True, slots=True)
class Category:
    """What several words name.

    Attributes:
        kind: genre, instrument, mood, feeling or era.
        name: the lexicon's.
        known: words that training captions use.
        held_out: words that they never do.
    """

    kind: str
    name: str
    known: tuple[str, ...]
    held_out: tuple[str, ...]


# kind → sentences in which a word of that kind stands
FRAMES: Final[dict[str, tuple[str, ...]]] = {
    "genre": ("{}", "{} music", "a {} track", "{} beat", "{} type loop", "instrumental {}"),
    "instrument": ("{}", "a {} solo", "{} and drums", "just {}", "music with {}", "{} melody"),
    "mood": ("{}", "{} music", "something {}", "a {} mood", "music that feels {}", "{} vibes"),
    "feeling": ("{}", "a sense of {}", "music full of {}"),
    "era": ("{}", "{} music", "a {} sound"),
    "sound": ("{}", "music with {}", "{} production"),
    "use": ("{}", "music for {}"),
}

_TABLES: Final = {
    "genre": lexicon.GENRE,
    "instrument": lexicon.INSTRUMENT,
    "mood": lexicon.MOODS_BY_KIND["mood"],
    "feeling": lexicon.MOODS_BY_KIND["mood noun"],
    "era": lexicon.ERA,
}
_LISTS: Final[dict[str, tuple[Word, ...]]] = {
    "sound": tuple(
        word
        for name in ("production", "treatment", "groove", "feel", "meter", "form", "density",
                     "mode", "absence")
        for word in lexicon.FLAT[name]
    ) + lexicon.TONE + lexicon.BEAT,
    "mood": tuple(word for row in lexicon.ENERGY.values() for word in row)
    + tuple(word for _, _, row in lexicon.TEMPO for word in row),
    "use": lexicon.FLAT["activity"] + lexicon.FLAT["picture"] + lexicon.FLAT["title"],
}  # fmt: skip

# What musicians type that no clip of ours is: the encoder is to know what is near.
WIDER: Final[dict[str, str]] = {
    "genre": "hyperpop, vaporwave, amapiano, grime, jersey club, dancehall, krautrock, math rock, "
    "emo, grunge, klezmer, gamelan, hardstyle, psytrance, idm, glitch hop, afro house, tech house, "
    "progressive house, minimal techno, industrial, ebm, darkwave, witch house, chillwave, "
    "cloud rap, drill, uk drill, plugg, rage beat, crunk, hyphy, bounce, baile funk, kuduro, "
    "soca, zouk, bachata, merengue, mariachi, ranchera, norteño, bolero, fado, polka, "
    "qawwali, bhangra, bollywood, raga, k-pop, j-pop, city pop, enka, eurodance, italo disco, "
    "hi-nrg, freestyle, new jack swing, quiet storm, motown, doo-wop, surf rock, psychedelic rock, "
    "prog rock, stoner rock, doom metal, black metal, death metal, djent, hardcore, screamo, "
    "ska punk, post-punk, goth rock, britpop, americana, outlaw country, zydeco, cajun, delta "
    "blues, ragtime, dixieland, bebop, hard bop, modal jazz, free jazz, fusion, smooth jazz, acid "
    "jazz, latin jazz, gypsy jazz, big band, library music, exotica, easy listening, muzak, "
    "musical theatre, opera, choral, gregorian chant, requiem, string trio, brass band, marching "
    "band, film noir score, western score, lullaby, children's song, christmas carol, anthem, "
    "sea shanty, jingle, lounge, breakcore, footwork, wonky, dub techno, drumstep, neurofunk, "
    "bassline, big room, electroclash, nu metal, rap rock, trip-hop noir, sample drill, "
    "instrumental hip hop, jazz rap, conscious rap, old school rap, slowed and reverb, phonk house",
    "instrument": "theremin, hang drum, handpan, didgeridoo, erhu, koto, shamisen, guzheng, oud, "
    "bouzouki, ukulele, mandolin, dulcimer, hurdy-gurdy, bagpipes, tin whistle, recorder, bansuri, "
    "shakuhachi, duduk, tabla, djembe, cajon, taiko, surdo, tambura, tanpura, mellotron, minimoog, "
    "juno pad, jupiter strings, prophet brass, dx7 electric piano, rhodes, wurlitzer, wurly, "
    "clavinet, hammond, b3 organ, farfisa, pipe organ, harmonium, melodica, toy piano, "
    "prepared piano, upright piano, felt piano, honky-tonk piano, synth strings, synth choir, "
    "vocoder, talk box, vocal chops, choir aahs, beatbox, scratching, turntables, sampler, "
    "modular synth, buchla, 303, tb-303, 606, 707, linn drum, linndrum, mpc, sp404, amen break, "
    "breakbeat loop, shaker, maracas, castanets, triangle, gong, singing bowl, wind chimes, "
    "glass harmonica, water drops, rain, vinyl crackle, tape hiss, field recording, foley, "
    "slide guitar, lap steel, pedal steel, twelve-string guitar, nylon guitar, spanish guitar, "
    "baritone guitar, fretless bass, upright bass, slap bass, sub bass, wobble bass, growl bass, "
    "pluck, stab, supersaw lead, acid line, bell tree, crotales, bass clarinet, english horn, "
    "piccolo, flugelhorn, tuba, sousaphone, euphonium, baritone sax, sax section, horn section, "
    "string section, viola, double bass, solo violin, fiddle, orchestra, big drums, finger snaps",
    "mood": "angsty, cozy, spooky, hype, sexy, sultry, sleazy, gritty, filthy, dusty, smoky, "
    "smooth, icy, cold, hot, wet, sparkly, glittery, cute, kawaii, silly, goofy, creepy, scary, "
    "horror, heroic, patriotic, regal, royal, holy, spiritual, psychedelic, trippy, stoned, drunk, "
    "sleepy, tired, bored, lonely, heartbroken, lovesick, yearning, hopeful, inspirational, "
    "motivational, badass, tough, mean, menacing, evil, villainous, sneaky, curious, magical, "
    "fairytale, medieval, ancient, futuristic, cyberpunk, space, underwater, tropical, desert, "
    "wintry, snowy, autumn, summery, rainy, stormy, foggy, urban, rural, homely, domestic, "
    "corporate, elegant, classy, posh, cheap, cheesy, kitsch, retro, vintage, old-timey, modern, "
    "minimal, lush, sparse, busy, chaotic, frantic, nervous, angry, furious, violent, gentle, "
    "soft, quiet, loud, huge, tiny, intimate, distant, haunted, gothic, tribal, ritual, meditative",
    "sound": "sidechain compression, heavy reverb, gated reverb, spring reverb, plate reverb, slap "
    "delay, tape delay, bitcrushed, distorted, overdriven, fuzz, clean, dry, wet, lo-fi, hi-fi, "
    "warm analog, digital, cold digital, mono, wide stereo, punchy, boomy, muddy, crisp, airy, "
    "bright, dull, muffled, underwater filter, low-pass sweep, riser, drop, breakdown, build-up, "
    "fill, intro, outro, bridge, hook, verse, chorus, one-shot, loop, stem, acapella, no drums, "
    "no vocals, drumless, beatless, half time, double time, swung hats, triplet hats, off-grid, "
    "quantised, polyrhythm, odd meter, 5/4, 7/8, waltz time, arpeggiated, staccato, legato, "
    "pizzicato, tremolo, glissando, detuned, chord progression, two five one, minor seventh chords",
    "use": "a tiktok, a youtube intro, a vlog, a podcast, a game menu, a boss fight, a car chase, "
    "a commercial, a fashion show, a wedding, a funeral, studying, sleeping, working out, a road "
    "trip, a barbecue, a club night, a rave, a date, rapping over, freestyling, practising "
    "guitar, a documentary, a horror film, a cartoon, a nature film, an elevator, a spa",
}


def spared(word: str) -> bool:
    """Whether a held-out word is one of the fifth that is never learnt from."""
    return hashlib.blake2b(word.lower().encode(), digest_size=1).digest()[0] < _SPARED_OF_256


@cache
def categories() -> tuple[Category, ...]:
    """Every category of the lexicon."""
    return tuple(
        Category(
            kind,
            name,
            tuple(dict.fromkeys(w.text for w in row if not w.held_out)),
            tuple(dict.fromkeys(w.text for w in row if w.held_out)),
        )
        for kind, rows in _TABLES.items()
        for name, row in rows.items()
    )


@cache
def _spared_words() -> re.Pattern[str]:
    words = {w for category in categories() for w in category.held_out if spared(w)}
    longest_first = sorted(words, key=lambda word: (-len(word), word))
    return re.compile(rf"(?<!\w)(?:{'|'.join(map(re.escape, longest_first))})(?!\w)", re.IGNORECASE)


def mentions_spared(text: str) -> bool:
    """Whether a text contains a spared word."""
    return _spared_words().search(text) is not None


@cache
def words_by_kind() -> dict[str, tuple[str, ...]]:
    """Kind → every word that may be learnt from, wider ones last; none with a slot in it."""
    found: dict[str, list[str]] = {kind: [] for kind in FRAMES}
    for category in categories():
        found[category.kind] += [*category.known, *category.held_out]
    for kind, row in _LISTS.items():
        found[kind] += [word.text for word in row]
    for kind, text in WIDER.items():
        found[kind] += text.split(", ")
    return {
        kind: tuple(dict.fromkeys(w for w in row if "{" not in w and not mentions_spared(w)))
        for kind, row in found.items()
    }


def framed_words() -> Iterator[str]:
    """Every word in every frame of its kind."""
    for kind, words in words_by_kind().items():
        for word in words:
            for frame in FRAMES[kind]:
                yield frame.format(word)

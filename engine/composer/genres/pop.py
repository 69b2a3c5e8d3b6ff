"""Pop: songs, ballads and the dance floor of the seventies."""

from engine.composer.genres.model import Genre, arp, bass, chords, drums, fx, lead, pad, weights

POP: dict[str, Genre] = {
    "pop": Genre(
        "pop", (88, 128), weights("major*5, minor*4, mixolydian"), weights("pop"),
        {"4/4": weights("pop*3, house, disco"), "6/8": weights("six eight rock")},
        (
            drums("standard kit*2, 909 kit, power kit, trap kit"),
            bass("pop*2, eighths, offbeat", "fingered bass*2, synth bass*2, picked bass"),
            chords("pop*2, whole, quarters",
                "grand piano*3, electric piano, bright piano, fm keys", enter=0.1),
            chords("strum*2, muted line, chank", "steel guitar*2, clean guitar*2, muted guitar",
                enter=0.3, chance=0.7, pan=-0.35, voices="open"),
            pad("warm pad, string ensemble, glass pad", chance=0.6, enter=0.3),
            arp("arp 8, arp 16", "pluck synth, fm bell, marimba", enter=0.5, chance=0.5),
            lead("pop*3, hook, pentatonic", "voice oohs, square lead, flute, saw lead, "
                "pluck synth, clean guitar", enter=0.35), fx(chance=0.3),
        ),
        ("happy", "uplifting", "carefree", "energetic", "romantic", "nostalgic", "melancholic",
            "hopeful", "playful"),
        meters=weights("4/4*8, 6/8"), chorus=weights("pop chorus"), feel="tight", colour=0.25,
        eras=weights("1980s, 1990s, 2000s, 2010s*2, 2020s"), energy=(0.4, 0.9),
            master={"glue": 0.4},
    ),
    "pop ballad": Genre(
        "pop", (58, 84), weights("major*4, minor*4"), weights("ballad*3, pop"),
        {"4/4": weights("ballad"), "6/8": weights("six eight rock"), "3/4": weights("waltz")},
        (
            drums("standard kit*2, room kit, brush kit", enter=0.45),
            bass("roots*2, pop, whole", "fingered bass*2, fretless bass", enter=0.35),
            chords("ballad*3, left hand", "grand piano*4, electric piano, nylon guitar", enter=0.0,
                low=48, high=74, solo=1.5),
            pad("string ensemble*3, slow strings, warm pad", chance=0.85, enter=0.35),
            chords("fingerpick, slow strum", "nylon guitar, steel guitar", enter=0.3, chance=0.4,
                pan=-0.3),
            lead("lyric*3, air", "violin, alto sax, flute, cello, voice oohs, oboe, clean guitar",
                enter=0.3, reverb=0.35),
        ),
        ("romantic", "sad", "melancholic", "hopeful", "warm", "nostalgic", "calm"),
            meters=weights("4/4*4, 6/8, 3/4"),
        feel="loose", colour=0.35, spice=0.15, eras=weights("1970s, 1980s*2, 1990s*2, 2010s"),
            energy=(0.15, 0.6),
        master={"reverb_room": 0.2, "glue": 0.2}, fills=weights("toms, snare, dropout"),
    ),
    "disco": Genre(
        "pop", (110, 128), weights("minor*4, dorian, major*4"), weights("disco"),
            {"4/4": weights("disco")},
        (
            drums("standard kit*3, room kit"),
            bass("disco*4, funk", "fingered bass*3, picked bass, slap bass"),
            chords("chank*3", "clean guitar*3, muted guitar", pan=-0.4, voices="triad", low=57,
                high=78),
            chords("pop, clav, house stabs", "electric piano*2, clavinet, bright piano", pan=0.3,
                chance=0.85),
            pad("string ensemble*3", enter=0.4, chance=0.85, low=60, high=88),
            lead("stabs*2, pop, hook", "brass section*2, string ensemble*2, trumpet, flute, "
                "alto sax", enter=0.5),
        ),
        ("groovy", "happy", "uplifting", "energetic", "romantic", "carefree"), colour=0.6, depth=2,
            form="song",
        chorus=weights("disco"), eras=weights("1970s*4, 2010s"), energy=(0.55, 0.95),
            master={"tape": 0.3, "glue": 0.4},
        fills=weights("toms*2, snare, roll"),
    ),
}  # fmt: skip

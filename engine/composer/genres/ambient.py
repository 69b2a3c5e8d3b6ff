"""Ambient, drone and new age: slow, wide, without a drummer."""

from engine.composer.genres.model import Genre, arp, bass, chords, drums, lead, pad, weights

AMBIENT: dict[str, Genre] = {
    "ambient": Genre(
        "ambient", (55, 100), weights("major*3, lydian*2, minor*3, dorian*2"),
            weights("ambient*3, new age"),
        {"4/4": weights("pulse")},
        (
            pad("warm pad*2, glass pad*2, detuned pad, slow strings", styles="swell*2, hold",
                chance=1.0, width=1.0, reverb=0.6, gain_db=-1, sweep=True, solo=3.0),
            pad("glass pad, voice oohs, string ensemble, choir", styles="swell", enter=0.35,
                low=60, high=88, chance=0.7, reverb=0.6),
            bass("drone*2, whole", "sub bass*3, synth bass, contrabass", enter=0.3, chance=0.7),
            arp("arp slow*2, arp 8", "fm bell*2, kalimba, harp, celesta, pluck synth, music box, "
                "vibraphone", enter=0.3, chance=0.6, delay=0.5, reverb=0.55),
            lead("sparse*3, long", "grand piano*2, flute, clean guitar, fm bell, cello, "
                "voice oohs", enter=0.4, chance=0.7, delay=0.45, reverb=0.6),
            drums("808 kit, lofi kit", enter=0.5, chance=0.2, solo=0.0, gain_db=-6, reverb=0.4),
        ),
        ("calm", "dreamy", "ethereal", "mysterious", "relaxed", "hopeful", "dark", "melancholic"),
            form="ambient",
        feel="rubato", colour=0.6, depth=2, pace={0.5: 1.0, 1.0: 1.0}, energy=(0.05, 0.35),
        master={"reverb_room": 0.5}, eras=weights("1980s, 1990s, 2010s, 2020s"),
    ),
    "drone": Genre(
        "ambient", (50, 80), weights("minor*3, phrygian*2, dorian, major*3, lydian"),
            weights("drone"), {},
        (
            bass("drone", "sub bass*2, reese bass, contrabass, cello", enter=0.0, low=28, high=47,
                reverb=0.4, solo=0.5),
            pad("slow strings, detuned pad*2, warm pad, church organ", styles="hold, swell",
                voices="fifths", chance=1.0, low=41, high=70, width=1.0, reverb=0.6, gain_db=0,
                    sweep=True, solo=2.0),
            pad("choir, glass pad, voice oohs, tremolo strings", styles="swell", enter=0.2, low=55,
                high=81, chance=0.8, reverb=0.7),
            lead("sparse, long", "cello, tubular bells, flute, sitar, distorted guitar, fm bell",
                enter=0.4, chance=0.5, reverb=0.65, delay=0.5, low=52, high=79),
        ),
        ("dark", "mysterious", "hypnotic", "solemn", "calm", "ethereal", "tense"), form="ambient",
            feel="rubato",
        colour=0.2, pace={0.5: 1.0}, energy=(0.05, 0.4), master={"reverb_room": 0.7},
    ),
    "new age": Genre(
        "ambient", (60, 108), weights("major*4, lydian*2, minor*3, dorian"), weights("new age"), {},
        (
            chords("left hand*2, fingerpick, ballad",
                "grand piano*3, harp*2, nylon guitar, fm electric piano", low=48, high=72,
                    enter=0.0, reverb=0.4, solo=2.0),
            pad("warm pad*2, glass pad, string ensemble, choir", chance=0.9, reverb=0.55,
                enter=0.1),
            bass("whole*2, drone", "fretless bass, sub bass, contrabass", enter=0.3, chance=0.6),
            arp("arp 8, arp slow, harp", "harp*2, celesta, kalimba, fm bell", enter=0.35,
                chance=0.6, reverb=0.45, delay=0.3),
            lead("air*2, lyric, pentatonic",
                "flute*2, pan flute*3, ocarina, violin, soprano sax, oboe, grand piano",
                    enter=0.25, reverb=0.5, delay=0.3),
        ),
        ("calm", "hopeful", "dreamy", "ethereal", "romantic", "relaxed", "uplifting", "nostalgic"),
        meters=weights("4/4*3, 3/4*2, 6/8"), form="ambient", feel="rubato", colour=0.5, depth=2,
            energy=(0.1, 0.45),
        master={"reverb_room": 0.5}, eras=weights("1980s*2, 1990s*2, 2010s"),
    ),
}  # fmt: skip

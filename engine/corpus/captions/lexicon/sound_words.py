"""Production, groove, form, tempo, era, meter, key, density: what a producer or a player would say.

Each group is offered only under the facts that it states; see engine.corpus.captions.facts.
"""

from engine.corpus.captions.words import Word, parse_words, table

# felt beats a minute from … to … → words
TEMPO: tuple[tuple[float, float, tuple[Word, ...]], ...] = tuple(
    (low, high, parse_words(text))
    for low, high, text in (
        (
            0,
            62,
            "very slow, glacially slow @e:low, crawling @!e:high, largo-paced, "
            "extremely slow, molasses-slow ~",
        ),
        (
            0,
            80,
            "slow @!m:energetic, slow-paced @!m:energetic, slow-moving @!m:energetic, "
            "unhurried @!e:high @!m:energetic, low-tempo, slow-burning @!e:high, "
            "sluggish-tempo ~",
        ),
        (62, 78, "adagio-paced @!drums, ballad-tempo, adagio @s:classical/cinematic"),
        (
            76,
            104,
            "walking-pace @!m:energetic/aggressive, medium-slow @!m:energetic/aggressive, "
            "andante-paced @!drums, andante @s:classical, strolling @!e:high "
            "@!m:energetic/aggressive, "
            "ambling-tempo ~",
        ),
        (
            92,
            122,
            "mid-tempo, medium-tempo, moderato @s:classical, moderately paced, moderate-tempo, "
            "middle-of-the-road-tempo ~",
        ),
        (
            116,
            150,
            "brisk @!m:calm/relaxed/sad/dreamy/solemn, upbeat @!m:calm/relaxed/sad/dreamy/"
            "solemn/dark/melancholic/tense, quick @!m:calm/relaxed/solemn, up-tempo "
            "@!m:calm/relaxed/sad/solemn, allegro-paced @!drums, allegro @s:classical, sprightly "
            "@m:happy/playful "
            "~",
        ),
        (
            138,
            400,
            "fast @!m:calm/relaxed/solemn, fast-paced @!m:calm/relaxed/solemn, speedy "
            "@!m:calm/relaxed/solemn, rapid-fire @e:high, racing @e:high, "
            "hurtling @e:high ~",
        ),
        (
            166,
            400,
            "very fast @!m:calm/relaxed/solemn, breakneck @e:high, presto-paced @!drums, presto "
            "@s:classical, "
            "lightning-fast @e:high ~",
        ),
    )
)

ERA: dict[str, tuple[Word, ...]] = table({
    "1950s": "1950s, fifties, 50s, fifties-style, vintage 1950s, old-school fifties, mid-century ~",
    "1960s": "1960s, sixties, 60s, sixties-style, vintage 60s, retro sixties, swinging-sixties ~",
    "1970s": "1970s, seventies, 70s, seventies-style, vintage 70s, classic seventies, "
        "flares-era ~",
    "1980s": "1980s, eighties, 80s, retro 80s, eighties-style, MTV-era, big-hair-era ~",
    "1990s": "1990s, nineties, 90s, nineties-style, old-school 90s, CD-era, dial-up-era ~",
    "2000s": "2000s, early-2000s, noughties, Y2K-era, two-thousands, iPod-era, flip-phone-era ~",
    "2010s": "2010s, 2010s-style, modern, blog-era, streaming-era, present-day-sounding ~",
    "2020s": "2020s, contemporary, modern, current, up-to-date, bang-up-to-date ~",
})  # fmt: skip

# before the genre: "a dusty, lo-fi …"
PRODUCTION = parse_words(
    "lo-fi @x:lofi, lofi @x:lofi, dusty @x:vinyl, crackly @x:vinyl, vinyl-worn @x:vinyl, "
    "tape-saturated @x:tape, tape-worn @x:tape, band-limited @x:lofi ~, needle-scratched @x:vinyl "
    "~, "
    "reverb-drenched @x:hall, spacious @x:hall, cavernous @x:hall, echoey @x:hall/x:echo, "
    "cathedral-sized @x:hall ~, dry @x:all-dry, up-close @x:all-dry @!full, bone-dry @x:all-dry ~, "
    "sidechained @x:pump, pumping @x:pump, wide @x:spread, wide-stereo @x:spread, "
    "widescreen @x:spread ~, filtered @x:filter-moves, glued-together @x:glue, compressed @x:glue, "
    "polished @x:glue @!x:lofi/x:vinyl/x:tape, tightly-mixed @x:glue @full ~, narrow @x:narrow, "
    "wobbly @x:wobble"
)
# after "with"
TREATMENT = parse_words(
    "vinyl crackle/m @x:vinyl, record crackle/m @x:vinyl, surface noise/m @x:vinyl, "
    "a dusty record sound/m @x:vinyl, needle pops/p @x:vinyl ~, tape hiss/m @x:tape, "
    "tape saturation/m @x:tape, warm tape wobble/m @x:tape @m:warm, tape warble/m @x:tape, "
    "cassette wow and flutter/m @x:tape ~, rolled-off highs/p @x:lofi, a lo-fi finish/m @x:lofi, "
    "a muffled top end/m @x:lofi, old-radio bandwidth/m @x:lofi ~, lots of reverb/m @x:hall, "
    "a big hall reverb/m @x:hall, long reverb tails/p @x:hall, plenty of room sound/m @x:hall, "
    "a vast ambience/m @x:hall ~, a touch of room/m @x:room, natural room ambience/m @x:room, "
    "roomy mics/p @x:room ~, almost no reverb/m @x:all-dry, a dry and close mix/m @x:all-dry, "
    "a dead-room sound/m @x:all-dry ~, sidechain pumping/m @x:pump, sidechain compression/m "
    "@x:pump, "
    "heavy sidechaining/m @x:pump, everything breathing to the kick/m @x:pump ~, "
    "delay throws/p @x:echo, echoes trailing off/p @x:echo, tempo-synced delays/p @x:echo, "
    "ping-ponging echoes/p @x:echo ~, filter sweeps/p @x:filter-moves, an opening filter/m "
    "@x:filter-moves, cutoff automation/m @x:filter-moves ~, chorus on the chords/m "
    "@x:chorus-chords, "
    "a chorus effect/m @x:chorus, analog-style chorus/m @x:chorus, ensemble-type modulation/m "
    "@x:chorus ~, tremolo wobble/m @x:wobble, a wide stereo image/m @x:spread, "
    "a huge stereo field/m @x:spread, "
    "a narrow stereo image/m @x:narrow, saturated drums/p @x:hot-drums, "
    "gritty saturation/m @x:hot, overdriven edges/p @x:hot ~, a glued mix/m @x:glue, "
    "bus compression/m @x:glue"
)

# groove words before the genre, and after "with"
GROOVE = parse_words(
    "swung @swing, swinging @swing, shuffled @shuffle, shuffling @shuffle, "
    "straight @straight @drums, straight-ahead @straight @drums @e:mid/high, lilting @meter:6÷8 "
    "@!e:high, half-time @half, four-on-the-floor @t:four on the floor, "
    "four-to-the-floor @t:four on the floor, syncopated @t:syncopated kick, "
    "one-drop @t:one drop, breakbeat-driven @t:syncopated kick @g:breakbeat/drum and bass, "
    "loping @swing @!e:high ~, backbeat-driven @t:backbeat @e:mid/high, drum-led @drums @solo ~, "
    "triplet-feel @shuffle ~"
)
FEEL = parse_words(
    "a swung feel/m @swing, a swing feel/m @swing, swung timing/m @swing, a shuffle feel/m "
    "@shuffle, "
    "a triplet shuffle/m @shuffle, a loping swing/m @swing @!e:high ~, a straight feel/m "
    "@straight, "
    "straight timing/m @straight, a half-time feel/m @half, a half-time pulse/m @half, "
    "a four-on-the-floor pulse/m @t:four on the floor, a steady four-on-the-floor/m @t:four on the "
    "floor, a strong backbeat/m @t:backbeat @e:mid/high, a syncopated groove/m @t:syncopated kick, "
    "a one-drop rhythm/m @t:one drop, a waltz feel/m @meter:3÷4, a three-four lilt/m @meter:3÷4, "
    "a one-two-three sway/m @meter:3÷4 ~, a rolling six-eight/m @meter:6÷8, a 6/8 sway/m "
    "@meter:6÷8, a rocking six-eight/m @meter:6÷8 ~"
)

METER = parse_words(
    "in 3/4 @meter:3÷4, in three @meter:3÷4, in waltz time @meter:3÷4, in triple time @meter:3÷4 "
    "~, "
    "in 6/8 @meter:6÷8, in six @meter:6÷8, in six-eight @meter:6÷8, in compound time @meter:6÷8 ~, "
    "in 4/4 @meter:4÷4"
)

# "it …": what the form does
FORM = parse_words(
    "builds up @builds, builds steadily @builds, builds to a peak @builds, keeps growing @grows, "
    "grows towards the end @grows, gets bigger as it goes @grows, swells to the finish @grows ~, "
    "builds into a drop @form:build @form:drop @full, drops hard @form:drop @e:high @full, "
    "hits a big drop @form:drop @e:mid/high @full, slams into the drop @form:drop @e:high @full ~, "
    "breaks down in the middle @dips, pulls back halfway and returns @dips, strips back before "
    "coming in again "
    "@dips, thins out and then refills @dips ~, opens with a short intro @form:intro, "
    "starts small @opens-small, starts thin and fills out @opens-small @full, "
    "opens on just a few elements @opens-small @full ~, moves from verse to chorus @form:verse "
    "@form:chorus @!falls, lifts into a chorus @form:verse @form:chorus @!falls, "
    "goes up a gear for the hook @form:verse @form:chorus @!falls ~, settles down at the end "
    "@falls, eases off towards the end "
    "@falls, winds down @falls, ebbs away @falls ~, loops seamlessly @loop, repeats without a seam "
    "@loop, cycles round and round @loop, goes around endlessly @loop ~, holds one level "
    "throughout "
    "@flat @!loop, keeps an even keel @flat @!loop, stays put from start to finish @flat @!loop ~, "
    "ends on a final chord @final @!drums-alone, finishes on a held last chord @final @chordal, "
    "comes to a full stop @final, closes with a last ringing chord @final @chordal ~"
)

DENSITY = parse_words(
    "sparse @texture:sparse, minimal @texture:sparse, stripped-back @texture:sparse, "
    "bare-bones @texture:sparse, uncluttered @texture:sparse, skeletal @texture:sparse ~, "
    "layered @n:big, full-bodied @n:big @full, rich @n:big @full, dense @n:big @e:high, "
    "thickly layered @n:big @full, multi-layered @n:big ~, full-band @band, "
    "densely-packed @n:big @e:high ~"
)

# key and mode without naming the tonic
MODE = parse_words(
    "minor-key @minor @!mode:blues, major-key @plain-major, "
    "dorian @mode:dorian, dorian-mode @mode:dorian, modal @mode:dorian/mode:phrygian/mode:lydian/"
    "mode:mixolydian, phrygian @mode:phrygian, phrygian-mode @mode:phrygian, lydian @mode:lydian, "
    "lydian-flavoured @mode:lydian ~, mixolydian @mode:mixolydian, mixolydian-leaning "
    "@mode:mixolydian ~, bluesy @mode:blues, harmonic-minor @mode:harmonic minor"
)

# what is there and what is not
ABSENCE = parse_words(
    "no vocals @!voice, no singing @!voice, without vocals @!voice, purely instrumental @!voice, "
    "instrumental, fully instrumental, sans vocals @!voice ~, no drums @!drums @!drum-like, "
    "drumless @!drums "
    "@!drum-like, without drums @!drums @!drum-like, beatless @!drums @!drum-like "
    "@s:ambient/electronic/hip-hop, no percussion @!drums @!drum-like "
    "@!percussive, no beats @!drums @!drum-like @s:ambient/electronic/hip-hop, percussion-free "
    "@!drums @!drum-like @!percussive ~, "
    "no bass @!low-end @!solo, without bass @!low-end @!solo, no lead melody @!melody @!solo "
    "@!arpeggio, "
    "no lead @!melody @!solo @!arpeggio, topline-free @!melody @!solo @!arpeggio ~, all acoustic "
    "@acoustic, acoustic "
    "@acoustic, unplugged @acoustic ~, all synths @all-synth, fully electronic @all-synth, "
    "synths only @all-synth ~, for two players @n:two @acoustic, a duo @n:two @acoustic, "
    "a trio @n:three @acoustic @texture:sparse"
)

# one instrument alone: {n} is the instrument's noun
SOLO_HEAD = parse_words(
    "solo {n}/n @!drums @!bass, unaccompanied {n}/n @!drums, lone {n}/n @!drums, isolated {n}/n, "
    "{n} loop @loop @!drums, {n} part, {n} solo @melody, {n} line @bass, {n} riff @bass @t:short, "
    "{n} chords/p @harmony/pad @t:chords, {n} arpeggio @arpeggio, {n} groove @bass, "
    "{n} melody @melody, {n} take, "
    "naked {n}/n ~"
)
SOLO_ALONE = parse_words(
    "{n} alone/n, just {n}/m, nothing but {n}/m, only {n}/m, {n} and nothing else/m, "
    "{n} on its own @singular, {n} by itself @singular, {n} with no backing/n, "
    "a single {n}/m @singular, just one {n}/m @singular, {n} minus the band/n ~"
)
SOLO_DRUMS = parse_words(
    "drum loop @loop, drum loop @loop, drum beat, drum groove, drum track, beat, drum pattern, "
    "solo drums/p, isolated drums/p, drum break @!loop, unaccompanied drums/p, "
    "percussion loop @loop @t:lane conga/lane shaker/lane tamb, drum part, "
    "rhythm track, beat loop @loop, naked drum groove ~"
)

# what players do, to follow a noun: "third person singular|plural"
VERB: dict[str, tuple[Word, ...]] = table({
    "drums": "keeps time|keep time, keeps a steady pulse|keep a steady pulse, pushes it "
        "along|push it "
        "along @e:mid/high, drives it forward|drive it forward @e:high, sits in the pocket|sit in "
        "the pocket @m:groovy/relaxed, ticks along underneath|tick along underneath @!e:high, "
        "hammers away|hammer away @e:high, marks the beat|mark the beat, "
        "propels everything|propel everything @e:high ~",
    "bass": "holds down the low end|hold down the low end, anchors everything|anchor everything, "
        "moves underneath|move underneath, walks along|walk along @t:walking, rolls along|roll "
        "along @!t:sustained, fills the bottom|fill the bottom, hums underneath|hum underneath "
        "@t:sustained, locks in with the kick|lock in with the kick @drums, "
        "underpins it all|underpin it all ~",
    "harmony": "fills the middle|fill the middle, comps underneath|comp underneath @s:jazz/blues/"
        "soul/latin/funk, lays down the chords|lay down the chords @t:chords, stabs on top|stab on "
        "top @t:short @s:electronic, rings out|ring out @!t:short, carries the harmony|carry the "
        "harmony, keeps the rhythm going|keep the rhythm going @t:short, chugs along|chug along "
        "@t:palm-muted, "
        "outlines the changes|outline the changes ~",
    "pad": "hangs in the background|hang in the background, fills out the space|fill out the "
        "space, "
        "swells behind|swell behind @!t:short, glows underneath|glow underneath, drifts behind it "
        "all|drift behind it all @!e:high, blankets the mix|blanket the mix ~",
    "arpeggio": "ripples on top|ripple on top, runs through it|run through it, twinkles above|"
        "twinkle above @t:high, bubbles away|bubble away @e:low/mid, spins around|spin around, "
        "cascades over everything|cascade over everything @t:fast ~",
    "melody": "carries the tune|carry the tune, takes the lead|take the lead, plays the "
        "melody|play "
        "the melody, sings over the top|sing over the top, has the tune|have the tune, "
        "steps out front|step out front, answers above|answer above @n:big, "
        "soars above|soar above @m:uplifting/triumphant/epic/hopeful, leads the way|lead the way ~",
    "fx": "lifts into the next section|lift into the next section, marks the turns|mark the turns",
})  # fmt: skip

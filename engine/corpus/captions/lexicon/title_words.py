"""Titles: short, human, true; adjectives come from the moods."""

from engine.corpus.captions.words import parse_words

TITLE_NOUN = parse_words(
    "Sunday @m:happy/warm/relaxed/calm, Morning @m:happy/hopeful/calm/warm/uplifting, "
    "Midnight @m:dark/mysterious/hypnotic/tense/romantic, Drift @m:calm/dreamy/ethereal/hypnotic/"
    "relaxed, Lanterns @m:warm/nostalgic/romantic/dreamy, Embers "
    "@m:warm/nostalgic/melancholic/sad, "
    "Static @m:dark/tense/hypnotic @s:electronic/hip-hop/ambient, Horizon "
    "@m:hopeful/epic/uplifting/"
    "triumphant, Footsteps @m:tense/mysterious/dark, Confetti @m:happy/playful/uplifting, "
    "Postcards @m:nostalgic/melancholic/carefree, Undertow @m:dark/melancholic/hypnotic/tense, "
    "Velvet @m:romantic/warm/relaxed, Banner @m:triumphant/epic, Cathedral "
    "@m:solemn/ethereal/epic, "
    "Fists @m:aggressive, Engine @m:aggressive/energetic/hypnotic, Sidewalk @m:groovy/playful/"
    "carefree, Corner Store @m:groovy/relaxed/nostalgic @s:hip-hop/soul/funk, Swagger @m:groovy, "
    "Paper Boats @m:dreamy/nostalgic/playful/calm, Clouds @m:dreamy/ethereal/calm, "
    "Orbit @m:hypnotic/ethereal/mysterious @s:electronic/ambient, Riddle @m:mysterious/playful, "
    "Keyhole @m:mysterious/tense, Fever @m:energetic/tense/romantic, Voltage "
    "@m:energetic/aggressive, "
    "Rocket @m:energetic/uplifting/happy, Harbour @m:calm/melancholic/nostalgic/hopeful, "
    "Window Seat @m:melancholic/nostalgic/calm/relaxed, Letter @m:sad/romantic/melancholic, "
    "Empty Rooms @m:sad/melancholic/solemn, Procession @m:solemn/epic, Summit @m:epic/triumphant, "
    "Holiday @m:carefree/happy, Barefoot @m:carefree/relaxed, Ritual @m:hypnotic/dark/solemn, "
    "Comet @m:ethereal/uplifting ~, Cobblestones @m:nostalgic/romantic ~"
)
TITLE_FORM = (
    "{mood} {title}", "{title}", "{title} and {title}", "The {title}", "{mood} {title}",
    "{title} ({genre})", "{genre} {title}", "{mood} {genre}", "{title} in {key}", "{title} No. "
    "{count}",
    "{title} at {bpm}", "{title} (Loop) @loop", "{mood} {piece}",
    "{title} for {instrument} @solo",
)  # fmt: skip

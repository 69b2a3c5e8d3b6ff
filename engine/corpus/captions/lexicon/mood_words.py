"""What people call the moods: adjectives, and nouns for "a sense of …"."""

from engine.corpus.captions.words import Word, table

MOOD: dict[str, tuple[Word, ...]] = table({
    "happy": "happy, cheerful, joyful, sunny, feel-good, cheery, merry, smiling, good-natured, "
        "bright-eyed, jolly, gleeful ~",
    "uplifting": "uplifting, feel-good, soaring, inspiring, positive, life-affirming, elevating, "
        "rousing, heart-lifting, exhilarating ~",
    "hopeful": "hopeful, optimistic, encouraging, inspiring, bright, reassuring, promising, "
        "forward-looking, sanguine ~",
    "triumphant": "triumphant, victorious, soaring, glorious, heroic, proud, majestic, jubilant, "
        "conquering ~",
    "playful": "playful, cheeky, bouncy, quirky, whimsical, mischievous, light-hearted, fun, "
        "impish, frisky ~",
    "carefree": "carefree, easygoing, breezy, sunny, light-hearted, laid-back, happy-go-lucky, "
        "untroubled, footloose ~",
    "romantic": "romantic, tender, intimate, loving, sensual, amorous, heartfelt, "
        "candlelit, sentimental, lovestruck ~",
    "warm": "warm, cosy, inviting, mellow, comforting, soulful, heartfelt, glowing, toasty, "
        "snug ~",
    "relaxed": "relaxed, laid-back, chilled, chill, easygoing, mellow, unwound, loose, lazy, "
        "leisurely, unbothered ~",
    "calm": "calm, peaceful, serene, tranquil, soothing, still, restful, quiet, placid, "
        "unruffled ~",
    "dreamy": "dreamy, hazy, floating, floaty, blissful, woozy, gauzy, daydreaming, "
        "half-asleep, soft-focus, reverie-like ~",
    "ethereal": "ethereal, otherworldly, celestial, weightless, airy, heavenly, angelic, "
        "shimmering, gossamer ~",
    "nostalgic": "nostalgic, wistful, bittersweet, sentimental, faded, reminiscent, "
        "looking-back, memory-soaked, misty-eyed, sepia-toned ~",
    "melancholic": "melancholic, melancholy, bittersweet, wistful, longing, rueful, blue, "
        "pensive, autumnal, downcast, plaintive ~",
    "sad": "sad, sorrowful, heartbroken, mournful, tearful, lonely, grieving, desolate, "
        "heavy-hearted, forlorn ~",
    "dark": "dark, moody, brooding, shadowy, sinister, gloomy, murky, bleak, nocturnal, ominous, "
        "tenebrous ~",
    "tense": "tense, suspenseful, nervous, uneasy, anxious, edgy, on-edge, restless, "
        "nail-biting, white-knuckle ~",
    "mysterious": "mysterious, enigmatic, eerie, strange, cryptic, haunting, otherworldly, "
        "uncanny, secretive, arcane ~",
    "aggressive": "aggressive, angry, fierce, brutal, savage, snarling, hostile, ferocious, "
        "confrontational, pummelling ~",
    "energetic": "energetic, lively, high-energy, vigorous, pumped-up, spirited, "
        "hyped, electrifying, peppy, zippy, adrenalised ~",
    "epic": "epic, grand, sweeping, larger-than-life, monumental, heroic, majestic, dramatic, "
        "towering, colossal ~",
    "groovy": "groovy, funky, head-nodding, hip-swaying, toe-tapping, infectious, "
        "in-the-pocket, foot-tapping, booty-shaking ~",
    "hypnotic": "hypnotic, trance-like, mesmerising, repetitive, entrancing, "
        "spellbinding, locked-in, looping, spiralling ~",
    "solemn": "solemn, grave, reverent, sombre, dignified, stately, ceremonial, austere, "
        "funereal ~",
})  # fmt: skip

MOOD_NOUN: dict[str, tuple[Word, ...]] = table({
    "happy": "joy, good cheer, sunshine, happiness, simple happiness, gaiety ~",
    "uplifting": "uplift, inspiration, pure elation, momentum and hope, buoyancy ~",
    "hopeful": "hope, optimism, new beginnings, quiet confidence, better days ahead ~",
    "triumphant": "triumph, victory, glory, hard-won pride, conquest ~",
    "playful": "mischief, playfulness, whimsy, horseplay, silliness ~",
    "carefree": "freedom, ease, holiday lightness, not a worry in the world, insouciance ~",
    "romantic": "romance, tenderness, intimacy, being in love, yearning for someone, courtship ~",
    "warm": "warmth, comfort, closeness, home, an open fire ~",
    "relaxed": "ease, relaxation, time to kill, slow living, repose ~",
    "calm": "calm, peace, stillness, serenity, quiet, placidity ~",
    "dreamy": "dreaminess, floating, half-sleep, drifting away, reverie ~",
    "ethereal": "weightlessness, light from above, other worlds, air and light, levitation ~",
    "nostalgic": "nostalgia, old memories, days gone by, wistfulness, yesteryear ~",
    "melancholic": "melancholy, longing, wistfulness, quiet regret, pensiveness ~",
    "sad": "sadness, sorrow, loss, heartbreak, loneliness, grief, desolation ~",
    "dark": "darkness, dread, menace, gloom, foreboding ~",
    "tense": "tension, suspense, unease, anxiety, pent-up pressure, jitters ~",
    "mysterious": "mystery, intrigue, secrets, the unknown, enigma ~",
    "aggressive": "aggression, rage, raw fury, hostility, ferocity ~",
    "energetic": "pure energy, excitement, movement, adrenaline, vigour ~",
    "epic": "grandeur, scale, adventure, high drama, enormity ~",
    "groovy": "funkiness, swagger, strut, hip movement, sass ~",
    "hypnotic": "hypnosis, trance, endless repetition, getting lost in it, fixation ~",
    "solemn": "solemnity, gravity, ceremony, reverence, mourning ~",
})  # fmt: skip

# energy of the whole: "e:low" under 0.33, "e:high" over 0.68, with moods that contradict left out
ENERGY: dict[str, tuple[Word, ...]] = table({
    "low": "gentle, soft, quiet, low-key, understated, subdued, delicate, low-energy, hushed, "
        "unassuming ~",
    "mid": "steady, easy-moving, medium-energy, balanced, mid-intensity ~",
    "high": "powerful, hard-hitting, intense, full-on, high-octane, full-throttle, "
        "punchy @drums, relentless, propulsive @drums, turbo-charged ~",
})  # fmt: skip

"""Chord progressions of electronic music and hip-hop, by family and mode."""

CLUB: dict[str, dict[str, tuple[str, ...]]] = {
    "house": {
        "major": (
            "I vi IV V",
            "IV V vi iii",
            "vi IV I V",
            "IVmaj7 V vi I",
            "I IV vi V",
            "IV I V vi",
        ),
        "minor": ("i bVII bVI bVII", "i bVI bIII bVII", "i iv", "i bIII bVII iv", "bVI bVII i v"),
        "dorian": ("i IV", "i7 bIII IV i7"),
    },
    "deep house": {
        "major": ("Imaj7 vi9", "IVmaj7 iii7", "ii9 Imaj9", "Imaj9 IVmaj7 vi9 V9sus4"),
        "minor": ("i9 iv9", "i9 v7", "i9 bVImaj7", "i9 bIIImaj7 iv9 v7", "bVImaj7 v7 i9 i9"),
        "dorian": ("i9 IV7", "i9*2 IV7*2", "i11 bVII"),
    },
    "techno": {
        "minor": ("i*4", "i*3 bVI", "i*2 bVII*2", "i*3 v"),
        "phrygian": ("i*4", "i*3 bII", "i*2 bII*2"),
        "dorian": ("i*4", "i*2 IV*2"),
        "major": ("I*4", "I*3 IV", "I*2 vi*2"),
    },
    "trance": {
        "minor": (
            "i bVI bIII bVII",
            "bVI bVII i i",
            "i bVII bVI bVII",
            "i v bVI bVII",
            "bVI bVII v i",
        ),
        "major": ("vi IV I V", "IV V vi I/3", "I V vi IV", "I iii IV V"),
    },
    "drum and bass": {
        "minor": ("i*2 bVI*2", "i bVI bIII bVII", "i*2 bVII*2 bVI*2 v*2", "i*4", "i*2 iv*2"),
        "major": ("Imaj7*2 vi7*2", "IVmaj7*2 V*2 vi7*2 Imaj7*2", "vi7 IVmaj7 Imaj7 V"),
        "phrygian": ("i*2 bII*2", "i*3 bII"),
    },
    "dubstep": {
        "minor": ("i*4", "i*2 bVI*2", "i bVI bIII bVII", "i*3 bII"),
        "phrygian": ("i*2 bII*2", "i*3 bII", "i bII bIII bII"),
        "major": ("vi IV I V", "IV V vi I", "I*2 IV*2"),
    },
    "trap": {
        "minor": ("i*2 bVI*2", "i bVI", "i*2 iv bVI", "i*3 bVII", "i bVI iv v", "i bVI bVII i"),
        "phrygian": ("i bII", "i*2 bII*2", "i*3 bII"),
        "harmonic minor": ("i*2 bVI V", "i*2 iv V", "i bVI i V"),
        "major": ("I iii", "I vi", "IV I", "I*2 iii*2", "vi IV I I"),
    },
    "boom bap": {
        "minor": ("i7*2", "i7 iv7", "i9 bVImaj7", "i7 v7", "i7 bVImaj7 iv7 v7", "iv7 i7"),
        "dorian": ("i7 IV7", "i9*2 IV7*2"),
        "major": ("Imaj7 vi7", "ii7 Imaj7", "IVmaj7 iii7 ii7 Imaj7", "Imaj7 IVmaj7"),
    },
    "lofi": {
        "major": (
            "ii9 V13 Imaj9 vi9",
            "Imaj7 vi7 ii9 V13",
            "IVmaj9 iii7 ii9 Imaj7",
            "Imaj9 iii7,V7/ii ii9 V9sus4",
            "IVmaj7 iv7 iii7 vi7",
            "Imaj7 V7/ii ii7 iv6",
        ),
        "minor": (
            "i9 iv9 bVII9 bIIImaj7",
            "i9 bVImaj7 iiø7 V7b9",
            "iv9 bVII9 bIIImaj7 bVImaj7",
            "i9 bVImaj7 bIIImaj7 v7",
            "bVImaj7 v7 i9 i9",
        ),
        "dorian": ("i9 IV9", "i9 ii7 bIIImaj7 IV9"),
    },
    "g-funk": {
        "minor": ("i7*2 iv7*2", "i7 bVImaj7", "i7*4", "i7 bVII bVI V7"),
        "dorian": ("i7 IV7", "i7*4", "i7*2 IV9*2"),
        "major": ("I6*2 vi7*2", "Imaj7 vi7 ii7 V7"),
    },
    "synthwave": {
        "minor": (
            "i bVI bIII bVII",
            "i bVII bVI bVII",
            "bVI bVII i i",
            "i*2 bVI bVII",
            "i iv bVI v",
        ),
        "major": ("vi IV I V", "IV V vi I", "I V/3 vi IV", "IV I V vi"),
    },
    "electro": {
        "minor": ("i*2 bVII*2", "i*4", "i bVI bVII i", "i*2 bIII bVII"),
        "phrygian": ("i*2 bII*2", "i*4"),
        "major": ("I*2 bVII*2", "I IV bVII I", "I*2 vi*2"),
    },
    "chiptune": {
        "major": ("I V vi IV", "IV V iii vi", "I bVI bVII I", "I vi IV V", "IV V I I", "I IV V V"),
        "minor": ("i bVII bVI V", "i bVI bVII i", "i iv bVII bIII bVI iv V V", "i bVI iv V"),
    },
    "downtempo": {
        "minor": ("i7*2 bVImaj7*2", "i9 iv9", "i7 v7 bVImaj7 v7", "i*2 bVII bVI", "i9*4"),
        "dorian": ("i9*2 IV7*2", "i7 IV7"),
        "major": ("Imaj7*2 IVmaj7*2", "Imaj7 iii7", "IVmaj7 Imaj7"),
    },
}

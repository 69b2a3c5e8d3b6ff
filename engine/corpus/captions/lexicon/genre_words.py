"""What people call the genres: nouns that stand alone or before "track", "groove", "piece"."""

from engine.corpus.captions.words import Word, table

GENRE: dict[str, tuple[Word, ...]] = table({
    "house": "house, house music/m, club house, four-to-the-floor house @t:four on the floor, "
        "dancefloor house, piano house @f:piano, Chicago-style house, jackin' house ~",
    "deep house": "deep house, deep club house, late-night deep house, underground deep house, "
        "sunset deep house, lounge house, rooftop house ~",
    "techno": "techno, warehouse techno, driving techno @e:high, Detroit-style techno, "
        "Berlin techno, club techno, peak-time techno @e:high, rave techno, bunker techno ~",
    "acid techno": "acid techno, acid, 303 acid @f:acid bass, acid rave, squelchy techno "
        "@f:acid bass, warehouse acid ~",
    "trance": "trance, club trance, festival trance @full, arpeggiated trance @arpeggio, "
        "trance music/m, anthem trance @melody, goa-flavoured trance ~",
    "drum and bass": "drum and bass @drums @bass, drum & bass @drums @bass, dnb, d&b, jungle "
        "@drums, liquid dnb @!m:aggressive, rollers dnb @drums ~",
    "breakbeat": "breakbeat @drums, breaks @drums, big beat @drums, nu skool breaks @drums, "
        "breaks-style electronic, rave breaks @drums ~",
    "dubstep": "dubstep, halftime dubstep @t:half-time, bass-music dubstep, heavy dubstep @e:high, "
        "UK dubstep, wobbly dubstep @x:tremolo, brostep-style ~",
    "uk garage": "UK garage, garage, UKG, 2-step garage @drums, two-step @drums, London garage, "
        "speed garage ~",
    "future bass": "future bass, melodic future bass @melody, EDM, festival future bass @full, "
        "future beats, kawaii future bass ~",
    "synthwave": "synthwave, retrowave, outrun, neon synthwave, retro synth @synth, "
        "VHS synthwave, darksynth @m:dark/tense, dreamwave ~",
    "electro": "electro, electro funk, machine funk, robotic electro, old-school electro, "
        "breakdance electro @drums, 808 electro @i:808 kit/808 bass, robot funk ~",
    "synth pop": "synth pop, synthpop, electropop, new wave pop, new wave, technopop, "
        "synth-driven pop @synth, minimal wave ~",
    "chiptune": "chiptune, 8-bit, chip music/m, video game, retro game, NES-style, arcade, "
        "game console, bitpop ~",
    "downtempo": "downtempo, trip hop, trip-hop, chillout, lounge electronica, downbeat, "
        "leftfield downtempo ~",
    "boom bap": "boom bap, boom-bap, hip hop, rap instrumental, underground hip hop, "
        "golden-era hip hop @y:1990s, east coast hip hop, boombap ~",
    "lo-fi hip hop": "lo-fi hip hop, lofi hip hop, lofi, lo-fi, lofi beats @drums, chillhop, "
        "study lofi, jazzhop ~",
    "trap": "trap, trap rap, Atlanta-style trap, southern trap, hard trap @e:high, melodic trap "
        "@melody, 808 trap @f:808 bass, drill-tinged trap ~",
    "phonk": "phonk, drift phonk, Memphis phonk, cowbell phonk @t:lane cowbell, underground phonk, "
        "phonk rap, street-racing phonk ~",
    "g-funk": "g-funk, G-funk, west coast hip hop, west coast rap, lowrider funk, "
        "Cali hip hop, whine-and-bounce rap ~",
    "indie rock": "indie rock, indie, alternative rock, alt rock, garage indie, college rock, "
        "jangly indie @f:electric guitar, bedroom indie ~",
    "punk": "punk, punk rock, pop punk @major, garage punk, three-chord punk @f:distorted guitar, "
        "skate punk, basement punk ~",
    "hard rock": "hard rock, arena rock, classic hard rock, stadium rock, riff rock @f:distorted "
        "guitar, biker rock ~",
    "metal": "metal, heavy metal, thrash metal @t:fast, heavy music/m, headbanging metal, "
        "modern metal @y:2000s/2010s, battle metal ~",
    "post-rock": "post-rock, instrumental post-rock, crescendo rock @builds, cinematic rock, "
        "atmospheric rock, slow-burn rock, glacial post-rock ~",
    "rock and roll": "rock and roll, rock 'n' roll, rock & roll, rockabilly, jukebox rock, "
        "sock-hop rock, jive rock ~",
    "shoegaze": "shoegaze, wall-of-sound rock @full, dream pop, noise pop, gaze rock, nu-gaze ~",
    "pop": "pop, radio pop, chart pop, mainstream pop, commercial pop, dance pop @t:four on the "
        "floor, power pop @e:high, top-40 pop ~",
    "pop ballad": "pop ballad, ballad, slow pop, power ballad @e:high, love ballad @m:romantic, "
        "torch ballad ~",
    "disco": "disco, nu-disco @y:2010s/2020s, roller-disco, dancefloor disco, "
        "string-laden disco @f:strings, Studio-54-style disco, boogie, discotheque ~",
    "swing jazz": "swing, swing jazz, jazz, straight-ahead jazz, bebop-flavoured jazz, "
        "small-combo swing @!solo, mainstream jazz, hot-club-style jazz, speakeasy jazz ~",
    "jazz ballad": "jazz ballad, slow jazz, after-hours jazz, smoky club jazz, jazz club, "
        "ballad-tempo jazz, supper-club jazz ~",
    "jazz waltz": "jazz waltz, waltzing jazz, jazz in three, three-four jazz, cool jazz waltz, "
        "waltz-time jazz ~",
    "bossa nova": "bossa nova, bossa, Brazilian jazz, beachside bossa, Rio-style bossa nova, "
        "Ipanema-style bossa ~",
    "blues": "blues, shuffle blues @drums, twelve-bar-style blues, Chicago-style blues, "
        "juke-joint blues, roadhouse blues, bar-room blues, delta-flavoured blues ~",
    "slow blues": "slow blues, 6/8 blues, twelve-eight-style blues, late-night blues, "
        "slow-burning blues, crawling blues ~",
    "funk": "funk, classic funk, street funk, syncopated funk, deep funk, "
        "on-the-one funk @drums, rare-groove funk ~",
    "soul": "soul, classic soul, southern soul, Memphis-style soul, retro soul, Motown-style soul, "
        "northern soul ~",
    "r&b": "R&B, r&b, rnb, contemporary R&B @y:2010s/2020s, slow-jam R&B, neo-soul, "
        "urban R&B, bedroom R&B ~",
    "gospel": "gospel, church gospel, Sunday-morning gospel, praise-and-worship-style gospel, "
        "gospel soul, revival-tent gospel ~",
    "romantic piano": "romantic piano @f:piano, romantic-era piano @f:piano, classical piano "
        "@f:piano, piano miniature @f:piano, salon piano @f:piano, romantic-era classical, "
        "nocturne-style piano @f:piano ~",
    "baroque": "baroque, baroque-style, eighteenth-century-style, counterpoint-driven baroque "
        "@n:many, early-music-style, courtly baroque, rococo-style ~",
    "string quartet": "string quartet @quartet, chamber quartet @quartet, quartet-for-strings "
        "@quartet, chamber music/m, classical chamber, chamber-style classical, "
        "concert-hall quartet @quartet ~",
    "orchestral": "orchestral @orchestra, full-orchestra @orchestra, symphonic @orchestra, "
        "classical, concert-hall classical, film-score @!solo, classical-concert, "
        "philharmonic-style @orchestra ~",
    "epic cinematic": "cinematic, epic cinematic @orchestra @m:epic/triumphant, trailer, "
        "film score, movie-trailer, blockbuster @orchestra, soundtrack, cinematic score, "
        "big-screen score ~",
    "minimalism": "minimalist, minimalism, contemporary minimalist, process-music, "
        "pattern-based classical, modern classical, post-minimalist, phase-pattern ~",
    "waltz": "waltz, ballroom waltz, Viennese-style waltz, concert waltz, old-world waltz, "
        "ballroom dance, carousel waltz ~",
    "folk": "folk, acoustic folk @acoustic, campfire folk, singer-songwriter-style folk, "
        "fireside folk, Americana, coffeehouse folk, porch folk ~",
    "country": "country, Nashville-style country, honky-tonk country, classic country, western, "
        "country-and-western, rodeo country ~",
    "bluegrass": "bluegrass, string-band bluegrass @!solo, old-time, mountain music/m, "
        "Appalachian, front-porch bluegrass, hoedown bluegrass ~",
    "celtic": "Celtic, Irish folk, Celtic folk, Irish trad, pub-session Celtic, Irish-style jig "
        "@meter:6÷8, Irish-style reel @meter:4÷4, Gaelic folk ~",
    "salsa": "salsa, salsa dura @e:high, Afro-Cuban, Latin dance, New-York-style salsa, "
        "Cuban-style salsa, salsa brava ~",
    "samba": "samba, Brazilian samba, carnival samba @drums, Rio carnival @drums, "
        "Brazilian dance, samba de roda-style, batucada-style samba @drums ~",
    "cumbia": "cumbia, Colombian cumbia, Latin cumbia, tropical cumbia, cumbia sabrosa, "
        "sonidera-style cumbia ~",
    "reggaeton": "reggaeton, dembow @drums, Latin urban, perreo @drums, Latin club, "
        "urbano, Puerto-Rican-style reggaeton ~",
    "tango": "tango, Argentine tango, tango argentino, Buenos Aires tango, dance-hall tango, "
        "milonga-style tango ~",
    "flamenco": "flamenco, Spanish flamenco, Andalusian flamenco, Spanish, "
        "flamenco-style, Gypsy-flavoured Spanish ~",
    "afrobeat": "Afrobeat, afrobeat, Afro-funk, West African, Lagos-style Afrobeat, "
        "highlife-tinged Afrobeat, Afro-groove ~",
    "reggae": "reggae, roots reggae, Jamaican reggae, one-drop reggae @t:one drop, island reggae, "
        "Kingston reggae, lovers rock @m:romantic, rocksteady ~",
    "dub": "dub, dub reggae, roots dub, sound-system dub, heavyweight dub, steppers dub "
        "@t:four on the floor, King-Tubby-style dub ~",
    "calypso": "calypso, Caribbean, Trinidad-style calypso, island calypso, steel-pan calypso "
        "@f:steel drums, soca-tinged calypso, mento-style ~",
    "ska": "ska, two-tone ska, first-wave-style ska, third-wave-style ska, Jamaican ska, "
        "ska punk @e:high, rude-boy ska ~",
    "ambient": "ambient, ambient music/m, ambient soundscape, atmospheric ambient, "
        "space ambient, drifting ambient, environmental ambient ~",
    "drone": "drone, drone music/m, dark ambient @m:dark/mysterious/tense, drone ambient, "
        "long-form drone, deep-listening drone, dronescape ~",
    "new age": "new age, new-age, spa music/m, healing music/m, wellness, meditation music/m, "
        "holistic new age ~",
})  # fmt: skip

# What one calls a piece of it. "{genre} {piece}"
PIECE: tuple[Word, ...] = table({"piece": "track @!solo, tune @melody, piece, instrumental, "
    "number @!solo @!loop @!s:classical/s:cinematic/s:ambient, cut @!solo "
    "@!s:classical/s:cinematic/s:ambient, loop @loop, cue @s:cinematic/classical/ambient @!loop, "
    "theme @melody @s:cinematic/classical/folk/electronic, composition @s:classical/cinematic/"
    "ambient/jazz, arrangement @s:classical/cinematic/jazz/folk/latin @!solo, groove @drums @bass "
    "@s:funk/soul/r&b/latin/afro/reggae/hip-hop/electronic/pop, "
    "beat @drums @s:hip-hop/r&b/electronic, jam @!solo @s:rock/funk/soul/blues/jazz/reggae/afro, "
    "soundscape @s:ambient, banger @e:high @s:electronic/hip-hop @drums @full, "
    "sketch @texture:sparse, miniature @s:classical, backing track @!melody @!solo, "
    "backing groove @drums @!melody @!solo, instrumental piece, production @s:electronic/hip-hop "
    "@full, workout @s:funk/jazz/afro/latin @full @e:high, vignette @texture:sparse/solo "
    "~"})["piece"]  # fmt: skip

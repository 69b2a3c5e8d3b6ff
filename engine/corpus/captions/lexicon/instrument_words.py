"""What musicians call the instruments, and how they say that somebody plays one."""

from engine.corpus.captions.words import Word, parse_words, table

# instrument → nouns; "/p" plural, "/m" without article
INSTRUMENT: dict[str, tuple[Word, ...]] = table({
    "grand piano": "piano, grand piano, acoustic piano, concert grand, keys/p @!solo, "
        "Steinway-style grand ~",
    "bright piano": "piano, bright piano, upright piano, studio piano, pop piano, "
        "cutting piano ~",
    "honky-tonk piano": "honky-tonk piano, saloon piano, detuned piano, barroom piano, "
        "out-of-tune upright piano, tack piano ~",
    "electric piano": "electric piano, Rhodes, EP, Rhodes piano, e-piano, Rhodes keys/p, "
        "suitcase piano, tine piano ~",
    "fm electric piano": "FM electric piano, DX7-style electric piano, digital electric piano, "
        "DX piano, eighties-style e-piano @y:1980s, glassy digital keys/p ~",
    "harpsichord": "harpsichord, plucked keyboard, baroque harpsichord @s:classical, clavecin ~",
    "clavinet": "clavinet, clav, funky clav @m:groovy, D6-style clavinet, clavi ~",
    "celesta": "celesta, celeste, bell-like celesta, music-box-like celesta, "
        "sugar-plum celesta ~",
    "music box": "music box, wind-up music box, tinkling music box, toy-like music box, "
        "clockwork chimes/p ~",
    "vibraphone": "vibraphone, vibes/p, jazz vibes/p @s:jazz, vibraphone with motor tremolo ~",
    "marimba": "marimba, wooden marimba, mallets/p, rosewood bars/p ~",
    "tubular bells": "tubular bells/p, chimes/p, orchestral bells/p, church-like bells/p, "
        "long tubular chimes/p ~",
    "drawbar organ": "organ, drawbar organ, Hammond, Hammond organ, B3, Hammond B3, "
        "tonewheel organ ~",
    "rock organ": "rock organ, organ, overdriven organ, growling Hammond, Hammond organ, "
        "Leslie-cranked organ ~",
    "church organ": "church organ, pipe organ, organ, cathedral organ, great organ ~",
    "accordion": "accordion, squeezebox, musette accordion, bandoneon-style accordion @g:tango, "
        "concertina-style accordion ~",
    "harmonica": "harmonica, blues harp @s:blues, mouth harp, harp-style harmonica, "
        "mouth organ ~",
    "nylon guitar": "nylon-string guitar, classical guitar, Spanish guitar @s:latin/folk, "
        "nylon guitar, acoustic guitar, gut-string guitar ~",
    "steel guitar": "acoustic guitar, steel-string guitar, steel-string acoustic, "
        "dreadnought-style acoustic guitar, folk guitar @s:folk/country, flat-top guitar ~",
    "jazz guitar": "jazz guitar, archtop guitar, hollow-body guitar, mellow electric guitar "
        "@m:relaxed/warm, hollowbody electric guitar, Wes-style guitar ~",
    "clean guitar": "clean guitar, clean electric guitar, electric guitar, guitar, "
        "single-coil guitar, Strat-style guitar, Telecaster-like guitar ~",
    "muted guitar": "muted guitar, palm-muted guitar, muted electric guitar, "
        "damped guitar ~",
    "overdriven guitar": "overdriven guitar, crunchy guitar, electric guitar, cranked guitar, "
        "gritty electric guitar, tube-driven guitar, breaking-up guitar ~",
    "distorted guitar": "distorted guitar, fuzz guitar, heavy guitar, high-gain guitar, "
        "distorted electric guitar, saturated guitar, chainsaw guitar ~",
    "upright bass": "upright bass, double bass, acoustic bass, stand-up bass, bass, "
        "bull fiddle ~",
    "fingered bass": "bass guitar, electric bass, fingered bass, P-bass, bass, "
        "fingerstyle bass, Fender-type bass ~",
    "picked bass": "picked bass, bass guitar, electric bass, plectrum bass, bass, pick-played "
        "bass guitar, clanky pick bass ~",
    "fretless bass": "fretless bass, fretless, electric bass, fretless electric bass, bass, "
        "Jaco-style bass ~",
    "slap bass": "slap bass, slapped bass, popping slap bass, bass, thumb-slapped bass guitar, "
        "thumb-and-pop bass ~",
    "synth bass": "synth bass, analog bass, Moog-style bass, bass synth, bass, "
        "monosynth bass, Minitaur-like bass ~",
    "violin": "violin, solo violin @alone:violin, bowed violin, concert violin, "
        "Strad-like violin ~",
    "viola": "viola, dusky viola, bowed viola, alto-voiced viola ~",
    "cello": "cello, bowed cello, lyrical cello, violoncello ~",
    "contrabass": "contrabass, double bass, orchestral bass, bowed double bass, string bass ~",
    "tremolo strings": "tremolo strings/p, shivering strings/p, strings/p, trembling strings/p, "
        "quivering strings/p ~",
    "pizzicato strings": "pizzicato strings/p, plucked strings/p, pizz strings/p, pizzicato/m, "
        "plucky pizz/m ~",
    "harp": "harp, concert harp, orchestral harp, gliding harp, pedal harp ~",
    "timpani": "timpani/p, kettledrums/p, orchestral timpani/p, timps/p ~",
    "string ensemble": "strings/p, string section, string ensemble, lush strings/p, "
        "bowed strings/p, string machine ~",
    "slow strings": "slow strings/p, strings/p, legato strings/p, swelling strings/p, "
        "long bowed strings/p, adagio-style strings/p ~",
    "choir": "choir, choral voices/p, wordless choir, aah choir, vocal choir, massed voices/p ~",
    "voice oohs": "wordless vocals/p, vocal oohs/p, oohs/p, voice pad, humming voices/p, "
        "crooning oohs/p ~",
    "trumpet": "trumpet, open trumpet, brassy trumpet, bell-front trumpet ~",
    "trombone": "trombone, slide trombone, bone, tailgate trombone ~",
    "muted trumpet": "muted trumpet, Harmon-muted trumpet, trumpet with a mute, "
        "stopped-down trumpet ~",
    "french horn": "French horn, horn, orchestral horn, hunting horn ~",
    "brass section": "brass section, brass/m, horn section, horns/p, brass ensemble, "
        "big brass/m, trumpets and trombones/p, punchy brassmen/p ~",
    "soprano sax": "soprano sax, soprano saxophone, sax, straight soprano sax ~",
    "alto sax": "alto sax, alto saxophone, sax, saxophone, reedy alto ~",
    "tenor sax": "tenor sax, tenor saxophone, sax, saxophone, tenor, breathy big-toned sax ~",
    "baritone sax": "baritone sax, bari sax, baritone saxophone, sax, honking bari ~",
    "oboe": "oboe, reedy oboe, double-reed oboe, hautboy ~",
    "bassoon": "bassoon, woody bassoon, low-reed bassoon, fagotto ~",
    "clarinet": "clarinet, woody clarinet, B-flat clarinet, liquorice-stick clarinet ~",
    "flute": "flute, concert flute, transverse flute, airy-toned flute, silver flute ~",
    "pan flute": "pan flute, panpipes/p, breathy pan flute, Andean-style panpipes/p ~",
    "whistle": "tin whistle @s:folk, whistle, penny whistle @s:folk, whistled lead, "
        "tin-whistle-like flute ~",
    "ocarina": "ocarina, clay ocarina, clay flute, vessel flute ~",
    "warm pad": "synth pad, analog pad, soft pad, pad, poly-synth pad, velvety pad, "
        "Juno-like pad ~",
    "sitar": "sitar, Indian sitar, droning sitar, sympathetic-string sitar ~",
    "banjo": "banjo, five-string banjo, picked banjo, clawhammer-style banjo ~",
    "kalimba": "kalimba, thumb piano, mbira, finger harp ~",
    "fiddle": "fiddle, folk fiddle, country fiddle @s:country, "
        "barn-dance fiddle ~",
    "steel drums": "steel drums/p, steelpan, steel pan, pan drums/p, steel-pan drums/p, "
        "oil-drum pans/p ~",
    "808 bass": "808 bass, 808, 808 sub, booming 808, 808 low end, long-tailed 808, "
        "speaker-rattling 808 ~",
    "sub bass": "sub bass, sub, sine sub, deep sub bass, low sub, subterranean sine ~",
    "acid bass": "acid bass, 303, TB-303 bass, squelching 303, acid line, "
        "resonant 303, silver-box bass ~",
    "reese bass": "reese bass, reese, detuned bass, growling reese, snarling reese bass "
        "@m:aggressive, "
        "phasey bass, beating-saw bass ~",
    "supersaw": "supersaws/p, supersaw synth, supersaw, stacked saws/p, "
        "detuned saw synth, unison saw synth, JP-style saws/p ~",
    "detuned pad": "detuned pad, synth pad, wide pad, pad, analog pad, drifting-oscillator pad ~",
    "glass pad": "glassy pad, synth pad, glass pad, crystalline pad, icy pad, crystal-bowl pad ~",
    "pluck synth": "synth pluck, plucky synth, plucked synth, pluck, synth plucks/p, "
        "bleepy pluck ~",
    "square lead": "square-wave synth, square lead, hollow synth, square synth, synth, "
        "clarinet-like synth ~",
    "saw lead": "saw synth, sawtooth synth, saw lead, analog lead synth, synth, buzz-saw synth ~",
    "fm keys": "FM keys/p, FM synth, digital keys/p, metallic synth keys/p, operator-style keys/p "
        "~",
    "fm bell": "FM bells/p, bell synth, digital bells/p, glassy bell synth, synth bells/p, "
        "frequency-modulated chimes/p ~",
    "chip lead": "chip synth, 8-bit synth, pulse-wave chip, chiptune lead, Game-Boy-style synth, "
        "PSG voice ~",
    "riser": "riser, noise riser, uplifter, sweep-up riser, whoosh-up ~",
    "impact": "impact, boom, cinematic hit, low impact, sub-drop hit ~",
    "standard kit": "drums/p, drum kit, live drums/p, acoustic drums/p, acoustic kit, "
        "real drums/p, trap set-style kit ~",
    "room kit": "drums/p, roomy drums/p, room-mic'd drums/p, live drums/p, drum kit, "
        "ambient-mic drum kit ~",
    "power kit": "drums/p, big drums/p, power kit, stadium drums/p, beefy drums/p, "
        "cannon-like drums/p ~",
    "jazz kit": "drums/p, jazz drums/p, jazz kit, small drum kit, light drum kit, "
        "bop kit ~",
    "brush kit": "brushed drums/p, brushes/p, brush kit, brushed kit, drums with brushes/p, "
        "wire brushes/p ~",
    "orchestra kit": "orchestral percussion/m, orchestral drums/p, concert drums/p, "
        "big orchestral drums/p, symphonic battery ~",
    "808 kit": "808 drums/p, 808 kit, TR-808 drums/p, drum machine, 808 beats/p, "
        "electronic drums/p, Roland-box drums/p ~",
    "909 kit": "909 drums/p, TR-909 drums/p, 909 kit, drum machine, electronic drums/p, "
        "club drums/p, nine-oh-nine drums/p ~",
    "trap kit": "trap drums/p, trap kit, drum machine, electronic drums/p, hard-knocking drums/p, "
        "trap-style percussion/m ~",
    "lofi kit": "lofi drums/p, dusty drums/p, lo-fi drum machine, sampled drums/p, "
        "crunchy sampled drums/p, SP-1200-like drums/p ~",
    "chip kit": "8-bit drums/p, chip drums/p, noise-channel drums/p, bleepy drum machine, "
        "console-style drums/p ~",
})  # fmt: skip

# role → ways to name what somebody plays; {n} is the instrument. "/p", "/m" number of the whole;
# "/n" the instrument's own. Facts of the part (t: traits, x: effects) may be asked for.
PLAYED: dict[str, tuple[Word, ...]] = table({
    "drums": "{n}/n, {n}/n, {n}/n, steady {n}/n, clap-heavy {n}/n @t:lane clap, "
        "conga-laced {n}/n @t:lane conga, cowbell-laced {n}/n @t:lane cowbell",
    "bass": "{n}/n, {n} line, {n} part, walking {n}/n @t:walking, octave-jumping {n}/n @t:octaves, "
        "{n} groove @!e:low @drums, sustained {n}/n @t:sustained, long {n} notes/p @t:sustained, "
        "eighth-note {n}/n @t:eighths, sixteenth-note {n}/n @t:sixteenths, {n} riff @t:short, "
        "offbeat {n}/n @t:offbeat, pumping {n}/n @x:sidechain, {n} quarter notes/p @t:walking ~",
    "harmony": "{n}/n, {n} chords/p @t:chords, {n} stabs/p @t:chords @t:short, "
        "strummed {n}/n @t:strummed, {n} strumming/m @t:strummed, fingerpicked {n}/n "
        "@f:acoustic guitar @t:broken chords, picked {n} patterns/p @t:broken chords @plucked, "
        "offbeat {n}/n @t:offbeat, {n} skank @t:offbeat @s:reggae, held {n} chords/p "
        "@t:chords @t:sustained, palm-muted {n} riff @t:palm-muted @!i:muted guitar, "
        "chugging {n}/n @t:palm-muted, {n} comping/m @s:jazz/blues/soul/funk/latin @!solo, "
        "broken-chord {n}/n @t:broken chords @!plucked, {n} power chords/p @f:distorted guitar "
        "@!t:single notes, {n} voicings/p @t:chords ~",
    "pad": "{n}/n, {n} chords/p, held {n} chords/p @t:sustained, sustained {n}/n @t:sustained, "
        "a bed of {n}/m, washes of {n}/p, {n} blooms/p ~",
    "arpeggio": "{n} arpeggio, {n} arpeggios/p, arpeggiated {n}/n, {n} arp, running {n}/n @t:fast, "
        "cascading {n}/n, broken-chord {n}/n, sixteenth-note {n}/n @t:sixteenths, "
        "{n} figurations/p ~",
    "melody": "{n}/n, {n} melody, {n} lead, lead {n}/n, {n} tune, {n} line, {n} hook "
        "@s:electronic/hip-hop/pop/latin, {n} solo @s:jazz/blues/rock @!solo, lyrical {n}/n "
        "@t:sustained, {n} theme @s:cinematic/classical/folk, {n} runs/p @t:fast, {n} motif ~",
    "fx": "{n}/n, {n} effects/p, {n} transitions/p @!solo",
})  # fmt: skip

# tone: what may stand before an instrument
TONE: tuple[Word, ...] = parse_words(
    "soft @e:low, gentle @e:low, delicate @e:low, hushed @e:low @melody-part, "
    "warm @m:warm @!bright, "
    "mellow @m:warm/relaxed, smooth @m:relaxed/m:romantic/m:warm, "
    "tender @m:romantic, smoky @g:jazz ballad @wind, hazy @m:dreamy, dreamy @m:dreamy, "
    "floating @m:dreamy @!bass-part, airy @m:ethereal @!bass-part, shimmering @m:ethereal "
    "@!bass-part, bluesy @s:blues, "
    "moody @m:dark, brooding @m:dark, haunting @m:mysterious, eerie @m:mysterious, "
    "mournful @m:sad, wistful @m:nostalgic/melancholic, plaintive @m:melancholic ~, "
    "funky @m:groovy, tight @s:funk/soul/pop/latin, punchy @e:high @drums-part/bass-part, "
    "driving @e:high @drums-part/bass-part, pounding @e:high @drums-part, "
    "crisp @drums-part @electronic-kit, hard-hitting @e:high @drums-part, "
    "laid-back @m:relaxed/carefree, bouncy @m:playful, playful @m:playful, "
    "soaring @m:uplifting/triumphant @melody-part, heroic @m:triumphant/epic @melody-part, "
    "majestic @m:epic/triumphant, hypnotic @m:hypnotic, looping @m:hypnotic, "
    "fierce @m:aggressive, angry @m:aggressive, snarling @m:aggressive @bass-part/harmony-part, "
    "filtered @x:lowpass, low-passed @x:lowpass ~, chorused @x:chorus, wobbling @x:tremolo, "
    "gritty @x:saturation, saturated @x:saturation, distorted @x:saturation @f:synth bass/"
    "acid bass/reese bass, sidechained @x:sidechain, pumping @x:sidechain, "
    "ducking @x:sidechain ~, echoing @x:delay, delayed @x:delay, delay-soaked @x:delay, "
    "reverberant @x:reverb, washed-out @x:reverb, reverb-soaked @x:reverb, "
    "dry @x:dry @!drums-part, wide @x:wide, high @t:high, nimble @t:fast, "
    "spare @t:slow, long-note @t:sustained, staccato @t:short @!drums-part @!plucked, "
    "deep @bass-part, round @bass-part @!x:saturation, low @bass-part, dusty @x:dust @drums-part, "
    "swinging @swing @drums-part, shuffling @shuffle @drums-part, syncopated @t:syncopated kick, "
    "busy @t:busy hats"
)

# features of a drum part, as nouns
BEAT: tuple[Word, ...] = parse_words(
    "four-on-the-floor kick @t:four on the floor, four-to-the-floor beat @t:four on the floor, "
    "kick on every beat @t:four on the floor, straight four kick @t:four on the floor ~, "
    "backbeat @t:backbeat, solid backbeat @t:backbeat, snare on two and four @t:backbeat "
    "@t:lane snare, half-time beat @t:half-time, half-time drums/p @t:half-time, "
    "half-time groove @t:half-time, one-drop beat @t:one drop, "
    "one-drop drums/p @t:one drop, broken beat @t:syncopated kick, "
    "syncopated drums/p @t:syncopated kick, hand claps/p @t:lane clap, claps/p @t:lane clap, "
    "hi-hats/p @t:lane hat, crisp hats/p @t:lane hat @electronic-kit, ticking hats/p @t:lane hat, "
    "busy sixteenth hats/p @t:busy hats @!t:hat rolls, rolling hi-hats/p @t:hat rolls, "
    "hat rolls/p @t:hat rolls, skittering hats/p @t:hat rolls, stuttering hats/p @t:hat rolls ~, "
    "open hats/p @t:lane open, rimshots/p @t:lane rim, ghost notes on the snare/p "
    "@t:ghost notes, ghosted snare @t:ghost notes ~, ride cymbal @t:lane ride, "
    "ticking ride @t:lane ride, congas/p @t:lane conga, conga groove @t:lane conga, "
    "hand drums/p @t:lane conga/lane bongo, "
    "bongos/p @t:lane bongo, cowbell @t:lane cowbell, cowbell riff @t:lane cowbell @g:phonk, "
    "shaker @t:lane shaker, shakers/p @t:lane shaker, tambourine @t:lane tamb, "
    "claves/p @t:lane clave, timbales/p @t:lane timbale, agogo bells/p @t:lane agogo, "
    "guiro @t:lane guiro, tom-toms/p @t:lane low tom, pounding toms/p @t:lane low tom @e:high, "
    "tribal toms/p @t:lane low tom ~, woodblock @t:lane block, cuica @t:lane cuica, "
    "brushwork/m @t:lane brush, swinging ride @t:lane ride @swing, "
    "Latin percussion/m @s:latin @t:lane conga/lane timbale/lane clave/lane guiro, "
    "layered percussion/m @t:lane shaker @t:lane conga/lane agogo/lane tamb"
)

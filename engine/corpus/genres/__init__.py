"""The genre table: every genre that the composer knows, as data."""

from engine.corpus.genres.ambient import AMBIENT
from engine.corpus.genres.classical import CLASSICAL
from engine.corpus.genres.electronic import ELECTRONIC
from engine.corpus.genres.folk import FOLK
from engine.corpus.genres.hiphop import HIPHOP
from engine.corpus.genres.jazz import JAZZ
from engine.corpus.genres.latin import LATIN
from engine.corpus.genres.model import Genre, Seat
from engine.corpus.genres.moods import ERAS, MOODS, Era, Mood
from engine.corpus.genres.pop import POP
from engine.corpus.genres.reggae import REGGAE
from engine.corpus.genres.rock import ROCK
from engine.corpus.genres.soul import SOUL

GENRES: dict[str, Genre] = (
    ELECTRONIC | HIPHOP | ROCK | POP | JAZZ | SOUL | CLASSICAL | FOLK | LATIN | REGGAE | AMBIENT
)

__all__ = ["ERAS", "GENRES", "MOODS", "Era", "Genre", "Mood", "Seat"]

"""The genre table: every genre that the composer knows, as data."""

from engine.composer.genres.ambient import AMBIENT
from engine.composer.genres.classical import CLASSICAL
from engine.composer.genres.electronic import ELECTRONIC
from engine.composer.genres.folk import FOLK
from engine.composer.genres.hiphop import HIPHOP
from engine.composer.genres.jazz import JAZZ
from engine.composer.genres.latin import LATIN
from engine.composer.genres.model import Genre, Seat
from engine.composer.genres.moods import ERAS, MOODS, Era, Mood
from engine.composer.genres.pop import POP
from engine.composer.genres.reggae import REGGAE
from engine.composer.genres.rock import ROCK
from engine.composer.genres.soul import SOUL

GENRES: dict[str, Genre] = (
    ELECTRONIC | HIPHOP | ROCK | POP | JAZZ | SOUL | CLASSICAL | FOLK | LATIN | REGGAE | AMBIENT
)

__all__ = ["ERAS", "GENRES", "MOODS", "Era", "Genre", "Mood", "Seat"]

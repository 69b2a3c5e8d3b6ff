"""What a clip's text is: the batch from which training draws one element per step."""

import msgspec


class Captions(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The text of a clip (section 3.5 of the paper: long captions, short tags, title, entities).

    Attributes:
        long: three distinct sentences.
        short: four to eight short tags.
        title: a title.
        entities: tags of genre, instruments, moods and era, by their canonical names.
    """

    long: tuple[str, str, str]
    short: tuple[str, ...]
    title: str
    entities: tuple[str, ...]

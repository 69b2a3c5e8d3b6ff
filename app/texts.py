"""Texts for people, as data: marked where they stand, put into a language where they are shown.

No Qt here: the sound and MIDI processes have none, and what they tell goes through this as well.
PySide6's QT_TRANSLATE_NOOP is typed to return object.
"""

import msgspec


def QT_TRANSLATE_NOOP(context: str, text: str) -> str:  # noqa: N802, ARG001, RUF100 - lupdate's name
    """The text itself; `app.translate.translate(context, text)` shows it later."""
    return text


class Line(msgspec.Struct, frozen=True):
    """A sentence whose language is chosen elsewhere: a marked text, and values for its {0}, {1}."""

    text: str = ""
    values: tuple[str, ...] = ()

    def __str__(self) -> str:
        """As it stands in the sources."""
        return self.text.format(*self.values)

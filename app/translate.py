"""The application's language, for whoever is no QObject (those have `self.tr`).

lupdate finds a text by this function's name where both arguments are literals; elsewhere texts are
marked by `app.texts.QT_TRANSLATE_NOOP`. Any thread may ask.
"""

from PySide6.QtCore import QCoreApplication

from app.texts import Line


def translate(context: str, text: str) -> str:
    """A text in the application's language; values are put in afterwards, by `format`."""
    return QCoreApplication.translate(context, text)


def translated(context: str, line: Line) -> str:
    """A line in the application's language, its values in their places."""
    return translate(context, line.text).format(*line.values) if line.text else ""

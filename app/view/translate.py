"""Marks texts for translation where they are data: lupdate finds them by this function's name.

PySide6's own is typed to return object.
"""


def QT_TRANSLATE_NOOP(context: str, text: str) -> str:  # noqa: N802, ARG001, RUF100 - lupdate's name
    """The text itself; `QCoreApplication.translate(context, text)` shows it later."""
    return text

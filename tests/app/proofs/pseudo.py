"""A language of marks: every text that lupdate finds in the sources, in ⟦brackets⟧.

A text that stays without its marks in a window of that language cannot be translated.
"""

import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

from PySide6.QtCore import QTranslator

APP = Path(__file__).parents[3] / "app"
TOOLS = Path(sys.executable).parent


def missing() -> str:
    """Why there is no such language here, "" if there is."""
    absent = [tool for tool in ("pyside6-lupdate", "pyside6-lrelease") if not tool_path(tool)]
    return f"{' and '.join(absent)} not installed" if absent else ""


def tool_path(name: str) -> Path | None:
    """One of PySide6's tools."""
    path = TOOLS / name
    return path if path.exists() else None


def extract(folder: Path) -> Path:
    """What lupdate finds in app/, as a .ts file."""
    ts = folder / "noisefall.ts"
    sources = [str(path) for path in sorted(APP.rglob("*.py"))]
    _run("pyside6-lupdate", *sources, "-ts", str(ts))
    return ts


def marked(text: str) -> str:
    """A text in the language of marks."""
    return f"⟦{text}⟧"


def translator(folder: Path) -> QTranslator:
    """The language of marks."""
    ts = extract(folder)
    tree = ElementTree.parse(ts)  # noqa: S314 - lupdate wrote it just now
    for message in tree.getroot().iter("message"):
        source, translation = message.find("source"), message.find("translation")
        assert source is not None
        assert translation is not None
        translation.text = marked(source.text or "")
        translation.attrib.clear()
    tree.write(ts, encoding="utf-8", xml_declaration=True)
    qm = folder / "noisefall.qm"
    _run("pyside6-lrelease", str(ts), "-qm", str(qm))
    language = QTranslator()
    assert language.load(str(qm))
    return language


def _run(tool: str, *arguments: str) -> None:
    subprocess.run([str(TOOLS / tool), *arguments], check=True, capture_output=True)

"""Qt's own controls in the window's look: one style sheet, made of tokens.

Only what a person edits text in or picks from a list is Qt's; knobs, meters and pictures paint
themselves. Rejected: a QStyle of our own (hundreds of primitives for six kinds of control).
"""

from string import Template
from typing import Final

from app.view.theme.tokens import RADIUS_PX, Palette, Size, Space, TypeSize

_SHEET: Final = Template("""
QWidget { color: $text; }
QToolTip { background: $raised; color: $text; border: 1px solid $line; padding: ${hair}px; }
QMainWindow, QDialog { background: $window; }
#panel { background: $panel; border: none; border-radius: ${radius}px; }
#well { background: $sunken; border-radius: ${radius}px; }
#caption, QLabel[role="caption"] { color: $muted; font-size: ${caption}px; }
QLabel[role="lead"] { font-size: ${lead}px; font-weight: 600; }
QLabel[role="heading"] { font-size: ${body}px; font-weight: 600; }
QLabel[role="muted"] { color: $muted; }
QLabel[role="danger"] { color: $danger; }

QLineEdit, QPlainTextEdit, QComboBox, QSpinBox, QDoubleSpinBox {
  background: $sunken; color: $text; border: 1px solid $line; border-radius: ${radius}px;
  padding: 0 ${small}px; min-height: ${inner}px; selection-background-color: $accent;
  selection-color: $on_accent; }
QLineEdit:hover, QComboBox:hover, QSpinBox:hover, QDoubleSpinBox:hover { border-color: $muted; }
QLineEdit:focus, QPlainTextEdit:focus, QComboBox:focus, QSpinBox:focus, QDoubleSpinBox:focus {
  border: 2px solid $accent; padding: 0 ${focused}px; min-height: ${inner_focused}px; }
QLineEdit[wrong="true"], QLineEdit[wrong="true"]:hover, QLineEdit[wrong="true"]:focus {
  border-color: $danger; }
QLineEdit:disabled, QComboBox:disabled { color: $muted; background: $panel; }
QComboBox { background: $raised; border-color: $raised; }
QComboBox[role="small"] { min-height: ${tick}px; padding: 2px 0 2px ${small}px;
  font-size: ${caption}px; font-weight: 500; }
QComboBox::drop-down { border: none; width: ${wide}px; }
QComboBox::down-arrow { image: url("$icons/$arrow.svg"); width: 12px; height: 12px; right: 3px; }
QComboBox QAbstractItemView { background: $raised; border: 1px solid $line; outline: none;
  padding: ${hair}px; selection-background-color: $accent; selection-color: $on_accent; }
QAbstractSpinBox::up-button, QAbstractSpinBox::down-button { width: 0; border: none; }
QAbstractSpinBox QLineEdit, QAbstractSpinBox QLineEdit:focus { background: transparent;
  border: none; padding: 0 ${small}px; min-height: 0; }

QPushButton { background: $raised; border: 1px solid $raised; border-radius: ${radius}px;
  padding: 0 ${medium}px; min-height: ${inner}px; font-weight: 500; }
QPushButton:hover { background: $hover; border-color: $hover; }
QPushButton:pressed { background: $line; }
QPushButton:focus { border: 2px solid $accent; padding: 0 ${pressed}px;
  min-height: ${inner_focused}px; }
QPushButton:disabled { color: $muted; background: $panel; border-color: $line; }
QPushButton[role="primary"] { background: $accent; color: $on_accent; border-color: $accent;
  font-weight: 600; }
QPushButton[role="primary"]:focus { border: 2px solid $text; }
QPushButton[role="primary"]:disabled { background: $raised; color: $muted; border-color: $raised; }
QPushButton[role="flat"] { background: transparent; border-color: transparent; color: $muted; }
QPushButton[role="flat"]:hover { color: $text; background: $hover; }
QPushButton[role="flat"]:focus { border: 2px solid $accent; }

QCheckBox, QRadioButton { spacing: ${small}px; min-height: ${tick}px; }
QCheckBox::indicator { width: 14px; height: 14px; border: 1px solid $muted; border-radius: 3px;
  background: $sunken; }
QCheckBox::indicator:checked { background: $accent; border-color: $accent;
  image: url("$icons/$check.svg"); }
QCheckBox[text=""] { spacing: 0; }
QCheckBox:focus { color: $accent; }
QCheckBox::indicator:focus { border: 2px solid $accent; width: 12px; height: 12px; }

QMenu { background: $raised; border: 1px solid $line; padding: ${hair}px; }
QMenu::item { padding: ${hair}px ${wide}px ${hair}px ${small}px; border-radius: 4px; }
QMenu::item:selected { background: $accent; color: $on_accent; }
QMenu::item:disabled { color: $muted; }
QMenu::separator { height: 1px; background: $line; margin: ${hair}px ${small}px; }
QMenu::icon { padding-left: ${hair}px; }

QListView, QTableView, QTreeView { background: transparent; border: none; outline: none; }
QListWidget#nav { background: $panel; border-radius: ${radius}px; padding: ${hair}px; }
QListWidget#nav::item { padding: ${hair}px ${small}px; min-height: 24px; border-radius: 4px;
  color: $muted; }
QListWidget#nav::item:selected { background: $tint; color: $text; }
QListWidget#nav::item:focus { border: 1px solid $accent; }

QScrollBar:vertical { background: transparent; width: 10px; margin: 0; }
QScrollBar::handle:vertical { background: $line; border-radius: 3px; min-height: 32px;
  margin: 0 2px; }
QScrollBar::handle:vertical:hover { background: $muted; }
QScrollBar:horizontal { background: transparent; height: 10px; margin: 0; }
QScrollBar::handle:horizontal { background: $line; border-radius: 3px; min-width: 32px;
  margin: 2px 0; }
QScrollBar::add-line, QScrollBar::sub-line { width: 0; height: 0; }
QScrollBar::add-page, QScrollBar::sub-page { background: transparent; }
QScrollArea { background: transparent; border: none; }
QSplitter::handle { background: transparent; }
""")


def style_sheet(palette: Palette, icons: str) -> str:
    """The sheet for one palette; `icons` is the folder of the two glyphs that Qt draws itself."""
    colours = {name: getattr(palette, name) for name in Palette.__dataclass_fields__}
    shade = "light" if palette.dark else "dark"
    return _SHEET.substitute(
        colours,
        icons=icons.replace("\\", "/"),
        arrow=f"themed/arrow-{shade}",
        check=f"themed/check-{palette.name}",
        radius=RADIUS_PX,
        hair=int(Space.HAIR),
        small=int(Space.SMALL),
        focused=int(Space.SMALL) - 1,
        medium=int(Space.MEDIUM),
        pressed=int(Space.MEDIUM) - 1,
        wide=int(Space.WIDE),
        inner=int(Size.CONTROL) - 2,
        inner_focused=int(Size.CONTROL) - 4,
        tick=int(Size.SMALL_CONTROL) - 4,
        caption=int(TypeSize.CAPTION),
        body=int(TypeSize.BODY),
        lead=int(TypeSize.LEAD),
    )

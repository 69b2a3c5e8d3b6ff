"""A window of another toolkit, as a DAW is one: files can be dropped on it and dragged out of it.

`python3 other_program.py tk|gtk X Y FILE` (the system's Python: Tk with tkdnd, or GTK 3). Says
"ready", then each path that was dropped and the SHA-256 of what it read there, as JSON lines. FILE
is what is dragged out.
"""

import hashlib
import importlib
import json
import sys
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

SIDE_PX = 220


def say(value: object) -> None:
    """One line for the test."""
    sys.stdout.write(json.dumps(value) + "\n")
    sys.stdout.flush()


def taken(path: str) -> None:
    """A file was dropped: read it now, as a DAW does."""
    say({"path": path, "sha256": hashlib.sha256(Path(path).read_bytes()).hexdigest()})


def run_tk(x: int, y: int, file: str) -> None:
    """Tk with the tkdnd extension."""
    tkinter: Any = importlib.import_module("tkinter")
    root = tkinter.Tk()
    root.geometry(f"{SIDE_PX}x{SIDE_PX}+{x}+{y}")
    root.tk.eval("lappend auto_path /usr/lib /usr/lib/tcltk; package require tkdnd")

    def dropped(data: str) -> str:
        for path in root.tk.splitlist(data):
            taken(path)
        return "copy"

    drop = root.register(dropped)
    begin = root.register(lambda: ("copy", "DND_Files", (file,)))
    root.tk.eval(f"""
        tkdnd::drop_target register . DND_Files
        bind . <<Drop:DND_Files>> {{{drop} %D}}
        tkdnd::drag_source register . DND_Files
        bind . <<DragInitCmd>> {{{begin}}}
    """)
    root.update()
    say("ready")
    root.mainloop()


def run_gtk(x: int, y: int, file: str) -> None:
    """GTK 3."""
    gi: Any = importlib.import_module("gi")
    gi.require_version("Gtk", "3.0")
    gtk: Any = importlib.import_module("gi.repository.Gtk")
    gdk: Any = importlib.import_module("gi.repository.Gdk")
    window = gtk.Window()
    window.move(x, y)
    window.set_default_size(SIDE_PX, SIDE_PX)
    area = gtk.EventBox()
    window.add(area)
    copy = gdk.DragAction.COPY
    area.drag_dest_set(gtk.DestDefaults.ALL, [], copy)
    area.drag_dest_add_uri_targets()
    area.drag_source_set(gdk.ModifierType.BUTTON1_MASK, [], copy)
    area.drag_source_add_uri_targets()

    def dropped(*arguments: Any) -> None:
        for uri in arguments[4].get_uris():
            taken(unquote(urlsplit(uri).path))

    area.connect("drag-data-received", dropped)
    area.connect("drag-data-get", lambda *a: a[2].set_uris([Path(file).as_uri()]))
    window.show_all()
    gdk.flush()
    say("ready")
    gtk.main()


if __name__ == "__main__":
    {"tk": run_tk, "gtk": run_gtk}[sys.argv[1]](int(sys.argv[2]), int(sys.argv[3]), sys.argv[4])

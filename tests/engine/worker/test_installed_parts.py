"""Which bundle a recipe gets, with real bundles and a stand-in for the cascade."""

import json
import shutil
import sys
from pathlib import Path
from types import ModuleType

import pytest

from engine.bundle.store import install
from engine.bundle.verify import Bundle
from engine.errors import UserError
from engine.protocol.messages import BundleLoaded, Event, Notice
from engine.runtime.session import Runtime
from engine.worker.entry import ServeOptions
from engine.worker.parts import InstalledParts


class StandIn:
    """In place of Cascade."""

    opened: list[str] = []  # noqa: RUF012 - emptied by the fixture

    def __init__(self, bundle: Bundle, runtime: Runtime) -> None:
        self.bundle = bundle
        self.runtime = runtime
        self.opened.append(bundle.sha256)


@pytest.fixture(autouse=True)
def cascade(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    module = ModuleType("engine.cascade.cascade")
    module.Cascade = StandIn  # type: ignore[attr-defined]  # a module made here
    monkeypatch.setitem(sys.modules, "engine.cascade.cascade", module)
    monkeypatch.setenv("NOISEFALL_HOME", str(tmp_path / "home"))
    StandIn.opened.clear()


@pytest.fixture
def two(tiny_bundle: Path, tmp_path: Path) -> tuple[Bundle, Bundle]:
    """Two installed bundles, the second installed last."""
    first = install(tiny_bundle)
    other = tmp_path / "other"
    shutil.copytree(tiny_bundle, other)
    manifest = json.loads((other / "manifest.json").read_bytes())
    manifest |= {"name": "other", "version": "2"}
    (other / "manifest.json").write_text(json.dumps(manifest))
    return first, install(other)


def parts(**options: str) -> tuple[InstalledParts, list[Event]]:
    return InstalledParts(ServeOptions(device="cpu", threads=1, **options)), []


def test_the_first_render_opens_the_default_and_says_so(two: tuple[Bundle, Bundle]) -> None:
    made, said = parts()
    renderer = made.renderer("", said.append)
    [loaded] = said
    assert isinstance(loaded, BundleLoaded)
    assert (loaded.name, loaded.sha256) == ("other", two[1].sha256)
    assert made.renderer("", said.append) is renderer
    assert made.renderer(two[1].sha256, said.append) is renderer
    assert len(said) == 1
    assert StandIn.opened == [two[1].sha256]


def test_the_bundle_of_the_command_line_is_the_default(two: tuple[Bundle, Bundle]) -> None:
    made, said = parts(bundle=two[0].manifest.name)
    made.renderer("", said.append)
    assert StandIn.opened == [two[0].sha256]
    assert made.load("other").sha256 == two[1].sha256
    made.renderer("", said.append)
    assert StandIn.opened == [two[0].sha256, two[1].sha256]


def test_a_recipe_gets_the_bundle_that_made_it(two: tuple[Bundle, Bundle]) -> None:
    made, said = parts()
    made.load("other")
    made.renderer(two[0].sha256, said.append)
    [notice] = said
    assert isinstance(notice, Notice)
    assert two[0].manifest.name in notice.text
    made.renderer("", said.append)  # the chosen one stays chosen
    assert StandIn.opened == [two[1].sha256, two[0].sha256, two[1].sha256]


def test_a_recipe_whose_bundle_is_not_here_is_refused(two: tuple[Bundle, Bundle]) -> None:
    made, said = parts()
    with pytest.raises(UserError, match="it was made with bundle cdcdcdcdcdcd…"):
        made.renderer("cd" * 32, said.append)
    assert made.renderer(two[0].sha256, said.append)  # and the engine goes on


def test_a_bundle_that_is_not_there_leaves_the_chosen_one(two: tuple[Bundle, Bundle]) -> None:
    made, said = parts()
    made.load("other")
    with pytest.raises(UserError, match="not found"):
        made.load("missing")
    made.renderer("", said.append)
    assert StandIn.opened == [two[1].sha256]


def test_without_any_bundle_the_remedy_is_to_install_one(tmp_path: Path) -> None:
    made, said = parts(bundle="")
    try:
        made.renderer("", said.append)
    except UserError as error:
        assert "noisefall bundle install" in error.remedy  # noqa: PT017 - a build may ship one
    else:
        assert isinstance(said[0], BundleLoaded)


def test_what_the_runtime_changes_is_told_to_the_job(two: tuple[Bundle, Bundle]) -> None:
    made, said = parts()
    renderer = made.renderer("", said.append)
    assert isinstance(renderer, StandIn)
    made._notify("the GPU is full: using the CPU")
    assert said[-1] == Notice(job=None, text="the GPU is full: using the CPU")


def test_devices_are_reported_before_and_after_the_runtime_is_opened() -> None:
    made, _ = parts()
    before = made.devices()
    made.warm()
    assert made.devices() == before
    assert [device.used for device in before.devices].count(True) == 1
    assert before.threads == 1
    cpu = next(d for d in before.devices if d.provider == "CPUExecutionProvider")
    assert cpu.used
    assert cpu.usable

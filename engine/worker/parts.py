"""What the worker drives: devices, bundles, a cascade. The real ones are imported when first used.

onnxruntime alone takes most of a second to import, and the greeting must not wait for it.
Rejected: a background thread for the imports (two threads importing one package wait for each
other in ways that are hard to test); the main thread does it while no job waits.
"""

import logging
from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol, cast

from engine.errors import UserError
from engine.protocol.messages import (
    BundleLoaded,
    DeviceInfo,
    DevicesReport,
    Event,
    Notice,
    StagesReport,
)
from engine.recipe import Recipe
from engine.worker.entry import ServeOptions

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from engine.bundle.verify import Bundle
    from engine.cascade.cascade import Cascade
    from engine.cascade.events import CascadeEvent
    from engine.runtime.cancel import CancelToken
    from engine.runtime.session import Runtime
    from engine.text.understanding import Understanding

_log = logging.getLogger(__name__)

Say = Callable[[Event], None]


class Renderer(Protocol):
    """What the worker needs of `engine.cascade.cascade.Cascade`."""

    def render(
        self, recipe: Recipe, *, emit: "Callable[[CascadeEvent], None]", cancel: "CancelToken"
    ) -> None:
        """Render every take of a recipe to 16 kHz."""

    def understand(self, prompt: str, *, cancel: "CancelToken") -> "Understanding | None":
        """What a prompt asks for; None where the bundle cannot say."""

    def finish(
        self,
        recipe: Recipe,
        audio: "NDArray[np.float32]",
        take: int,
        *,
        emit: "Callable[[CascadeEvent], None]",
        cancel: "CancelToken",
    ) -> None:
        """Finish one take, (samples, 2) at 16 kHz, to its master."""


class Parts(Protocol):
    """What a worker is made with. Every method is called from the main thread only."""

    def warm(self) -> None:
        """Import and prepare what the first job would wait for."""

    def devices(self) -> DevicesReport:
        """What can compute here."""

    def load(self, bundle: str) -> BundleLoaded:
        """Choose a bundle by name or path, "" for the default. Raises UserError."""

    def stages(self) -> StagesReport:
        """What the chosen bundle's stages can do. Raises UserError."""

    def renderer(self, bundle_sha256: str, say: Say) -> Renderer:
        """The cascade of one bundle, "" for the chosen one. Raises UserError."""


class InstalledParts:
    """The real ones: installed bundles, this machine's devices, the cascade.

    One cascade is open at a time. A recipe that names another bundle by its hash opens that one;
    the chosen bundle stays chosen, and is opened again for the next recipe that names none.
    """

    def __init__(self, options: ServeOptions) -> None:
        self._options = options
        self._runtime: Runtime | None = None
        self._chosen: Bundle | None = None
        self._cascade: Cascade | None = None
        self._say: Say = lambda _: None

    def warm(self) -> None:
        """Import the cascade, try the device, know the best number of threads."""
        import engine.cascade.cascade  # noqa: F401, PLC0415 - see the module's docstring

        runtime = self._opened_runtime()
        _log.info("computing on %s with %d threads", runtime.device.name, runtime.threads)

    def devices(self) -> DevicesReport:
        """What can compute here, the device in use marked; the asked one may be unusable."""
        from engine.runtime.devices import devices  # noqa: PLC0415
        from engine.runtime.threads import thread_count  # noqa: PLC0415

        asked = self._options.device if self._runtime is None else self._runtime.device.kind
        infos = tuple(
            DeviceInfo(
                name=device.name,
                provider=device.provider,
                usable=device.usable,
                used=device.used,
                reason=device.reason,
                memory_bytes=device.memory_bytes,
            )
            for device in devices(asked)
        )
        threads = self._options.threads or thread_count()
        return DevicesReport(devices=infos, threads=threads)

    def load(self, bundle: str) -> BundleLoaded:
        """Open a bundle, every hash checked, and choose it."""
        from engine.bundle.store import find  # noqa: PLC0415

        found = find(bundle or self._options.bundle)
        self._open(found)
        self._chosen = found
        manifest = found.manifest
        return BundleLoaded(
            name=manifest.name,
            version=manifest.version,
            sha256=found.sha256,
            licence=manifest.licence,
            route=manifest.route,
        )

    def stages(self) -> StagesReport:
        """Presets and step schedules of the chosen bundle, the default one where none was."""
        from engine.worker.bundles import stages_report  # noqa: PLC0415 - numpy, after Ready

        if self._chosen is None:
            self.load("")
        return stages_report(cast("Bundle", self._chosen))

    def renderer(self, bundle_sha256: str, say: Say) -> Renderer:
        """The cascade for a recipe; says which bundle was opened where nobody chose it."""
        self._say = say
        if self._cascade is not None and self._cascade.bundle.sha256 == bundle_sha256:
            return self._cascade
        if bundle_sha256 and (self._chosen is None or self._chosen.sha256 != bundle_sha256):
            other = _installed(bundle_sha256)
            name, version = other.manifest.name, other.manifest.version
            cascade = self._open(other)
            say(Notice(job=None, text=f"this recipe was made with bundle {name} {version}"))
            return cascade
        if self._chosen is None:
            say(self.load(""))
        return self._open(cast("Bundle", self._chosen))

    def _open(self, bundle: "Bundle") -> "Cascade":
        from engine.cascade.cascade import Cascade  # noqa: PLC0415

        runtime = self._opened_runtime()
        if self._cascade is None or self._cascade.bundle.sha256 != bundle.sha256:
            self._cascade = None
            runtime.release_others()  # the other bundle's sessions go before this one's come
            self._cascade = Cascade(bundle, runtime)
        return self._cascade

    def _opened_runtime(self) -> "Runtime":
        from engine.runtime.devices import choose  # noqa: PLC0415
        from engine.runtime.session import Runtime  # noqa: PLC0415

        if self._runtime is None:
            device, threads = choose(self._options.device), self._options.threads
            self._runtime = Runtime(device, threads, notify=self._notify)
        return self._runtime

    def _notify(self, line: str) -> None:
        _log.info("%s", line)
        self._say(Notice(job=None, text=line))


def _installed(sha256: str) -> "Bundle":
    """An installed bundle by its hash. Raises UserError."""
    from engine.bundle.store import find  # noqa: PLC0415

    try:
        return find(sha256)
    except UserError as error:
        raise UserError(
            "The recipe cannot be repeated",
            f"it was made with bundle {sha256[:12]}…, which cannot be used here ({error.why})",
            "Install that bundle, or choose another one for this recipe",
        ) from None

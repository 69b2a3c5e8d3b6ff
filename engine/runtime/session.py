"""Models on a device: loaded when first used, run with constants held, rebuilt when broken.

A sampling loop calls one model hundreds of times with the same text and signals. `Model.bind`
holds those: on CUDA they are uploaded once (IO binding), on the CPU they are plain feeds. A `Bound`
survives the loss of its session: out of memory, a smaller cache and the fall-back to the CPU all
just drop sessions, and the next call builds what it needs.

Rejected: CUDA graphs (they forbid changing lengths) and the ONNX Loop operator (it would hide
progress and cancellation, onnxruntime #16625). Used from one thread; only `CancelToken.cancel`
comes from another.
"""

import logging
import weakref
from collections import OrderedDict
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from engine.errors import UserError
from engine.runtime.calls import DeviceCall, PlainCall
from engine.runtime.cancel import Cancelled, CancelToken
from engine.runtime.devices import PROVIDERS, Device, choose, cpu
from engine.runtime.ladder import RESIDENT_ALL, Ladder, describe
from engine.runtime.memory import OutOfMemory, give_back, is_out_of_memory
from engine.runtime.ort import cpu_options, gpu_options, onnxruntime, run_options
from engine.runtime.probe import conv_model
from engine.runtime.threads import thread_count

_log = logging.getLogger(__name__)

FloatArray = NDArray[np.float32]
SessionFactory = Callable[[Path, Device, int], Any]

# https://onnxruntime.ai/docs/execution-providers/CUDA-ExecutionProvider.html
# HEURISTIC: EXHAUSTIVE plans again at every new length, DEFAULT is FALLBACK (onnxruntime #22705).
_CUDA_OPTIONS: Final = {
    "device_id": "0",
    "cudnn_conv_algo_search": "HEURISTIC",
    "arena_extend_strategy": "kSameAsRequested",
}
_COREML_OPTIONS: Final = {"ModelFormat": "MLProgram"}


def make_session(path: Path, device: Device, threads: int) -> Any:
    """An onnxruntime session for a file on a device; raises whatever onnxruntime raises."""
    ort = onnxruntime()
    if device.kind == "cpu":
        return ort.InferenceSession(path, cpu_options(threads), providers=[PROVIDERS["cpu"]])
    options = _CUDA_OPTIONS if device.kind == "cuda" else _COREML_OPTIONS
    providers = [(device.provider, options), PROVIDERS["cpu"]]
    # without enable_fallback=0 it prints on stdout and goes on with the CPU
    return ort.InferenceSession(path, gpu_options(), providers=providers, enable_fallback=0)


class Runtime:
    """One device and the models on it.

    Args:
        device: from `devices.choose`; None chooses the best.
        threads: CPU threads of one call; None or 0 measures (once per machine) when first needed.
        notify: gets one line when something was changed to go on (a fall-back).
        factory: makes a session; tests give their own.
    """

    def __init__(
        self,
        device: Device | None = None,
        threads: int | None = None,
        *,
        notify: Callable[[str], object] | None = None,
        factory: SessionFactory = make_session,
    ) -> None:
        self._device = device
        self._threads = threads or 0
        self.notify = notify or _log.info
        self._factory = factory
        self._resident_limit = RESIDENT_ALL
        self._models: dict[Path, Model] = {}
        self._resident: OrderedDict[Path, Model] = OrderedDict()  # least recently used first

    @property
    def device(self) -> Device:
        """The device in use."""
        if self._device is None:
            self._device = choose()
        return self._device

    @property
    def threads(self) -> int:
        """CPU threads of one call; measured on first use."""
        if not self._threads:
            self._threads = thread_count()
        return self._threads

    @property
    def resident(self) -> list[Path]:
        """Files of the models in memory, least recently used first."""
        return list(self._resident)

    def model(self, path: Path, path_fp16: Path | None = None) -> "Model":
        """The model of a file, loaded when first run; `path_fp16` is what CUDA runs instead."""
        if path not in self._models:
            self._models[path] = Model(self, path, path_fp16)
        return self._models[path]

    def release_others(self, keep: "Model | None" = None) -> None:
        """Drop every session but one model's, and give the memory back to the system."""
        for model in list(self._resident.values()):
            if model is not keep:
                self.drop(model)
        self.trim()

    def fall_back_to_cpu(self, why: str) -> None:
        """Go on with the CPU, for good; says so once."""
        if self.device.kind == "cpu":
            return
        self.release_others()
        self._device = cpu()
        self.notify(why)

    def step_down(self, ladder: Ladder) -> Ladder:
        """Take the next rung after an OutOfMemory: adjusts device and residents, tells the user.

        Raises:
            UserError: there is none left.
        """
        lower = ladder.lower()
        line = describe(ladder.plan, lower.plan)
        self._resident_limit = lower.plan.resident
        if lower.plan.device == "cpu" and self.device.kind != "cpu":
            self.fall_back_to_cpu(line)
        else:
            self.release_others()
            self.notify(line)
        return lower

    def follow(self, ladder: Ladder) -> None:
        """Set up for a ladder's plan before a render (a preflight may start below the top)."""
        self._resident_limit = ladder.plan.resident
        if ladder.plan.device == "cpu":
            self.fall_back_to_cpu("The GPU has too little free memory: using the CPU.")

    def trim(self) -> None:
        """Give memory that no session uses back to the system; costs some milliseconds."""
        if self._factory is make_session and self.device.kind == "cpu":
            model = conv_model(channels=1, width=1)
            providers = [PROVIDERS["cpu"]]
            session = onnxruntime().InferenceSession(model, cpu_options(1), providers=providers)
            session.run(None, {"x": np.zeros((1, 1, 1, 1), np.float32)}, run_options(shrink=True))
        give_back()

    def drop(self, model: "Model") -> None:
        """Forget a model's session; its next run builds a new one."""
        self._resident.pop(model.path, None)
        model.forget()

    def load(self, model: "Model") -> Any:
        """A new session for a model, making room first. For `Model` only."""
        while len(self._resident) >= max(1, self._resident_limit):
            self.drop(next(iter(self._resident.values())))
        failure: Exception | None = None
        try:
            session = self._factory(model.file(self.device), self.device, self.threads)
        except Exception as error:
            failure = self.failure(model, error)
        if failure is not None:
            raise failure
        if session.get_providers()[0] != self.device.provider:
            # onnxruntime dropped the provider: the libraries have gone since they were tried
            self.fall_back_to_cpu(f"{self.device.name} could not be used: going on with the CPU.")
            return self.load(model)
        give_back()  # what optimising the graph used
        self._resident[model.path] = model
        return session

    def touch(self, model: "Model") -> None:
        """Mark a model as the most recently used. For `Model` only."""
        self._resident.move_to_end(model.path)

    def failure(self, model: "Model", error: Exception) -> Exception:
        """What an exception means; a broken session is dropped. For `Model` and `Bound` only.

        The caller raises the answer outside its `except` block: inside, the answer would keep the
        traceback, its frames, and so the session and its memory, while a smaller plan is tried.
        """
        if is_out_of_memory(error):
            self.drop(model)
            return OutOfMemory(f"{model.path.name} on {self.device.name}: {_one_line(error)}")
        if type(error).__module__.startswith("onnxruntime"):
            self.drop(model)
            return UserError(
                f"{model.path.name} did not run on {self.device.name}",
                _one_line(error),
                "Try --device cpu, or install the bundle again",
            )
        return error


class Model:
    """One ONNX file on the runtime's device; made by `Runtime.model`."""

    def __init__(self, runtime: Runtime, path: Path, path_fp16: Path | None) -> None:
        self.path = path
        self._path_fp16 = path_fp16
        self._runtime = runtime
        self._session: Any = None
        self._bounds: weakref.WeakSet[Bound] = weakref.WeakSet()

    @property
    def runtime(self) -> Runtime:
        """The runtime that runs it."""
        return self._runtime

    @property
    def loaded(self) -> bool:
        """Whether its session is in memory."""
        return self._session is not None

    def file(self, device: Device) -> Path:
        """The file to load on a device."""
        return self._path_fp16 if device.kind == "cuda" and self._path_fp16 else self.path

    def forget(self) -> None:
        """Let go of the session, in every Bound too. For `Runtime` only."""
        self._session = None
        for bound in self._bounds:
            bound.forget()

    def session(self) -> Any:
        """The session, built if need be.

        Raises:
            OutOfMemory: it does not fit.
            UserError: onnxruntime refuses the file.
        """
        if self._session is None:
            self._session = self._runtime.load(self)
        self._runtime.touch(self)
        return self._session

    def bind(self, **constants: NDArray[Any]) -> "Bound":
        """Hold the inputs that stay the same over many runs."""
        bound = Bound(self, constants)
        self._bounds.add(bound)
        return bound


class Bound:
    """A model with some of its inputs held; made by `Model.bind`."""

    def __init__(self, model: Model, constants: Mapping[str, NDArray[Any]]) -> None:
        self._model = model
        self._constants = dict(constants)
        self._call: PlainCall | DeviceCall | None = None

    def run(self, cancel: CancelToken, **feeds: NDArray[Any]) -> FloatArray:
        """One inference: the output "prediction", else the first, as float32.

        Raises:
            Cancelled: the token was cancelled, before or during the call.
            OutOfMemory: it did not fit; the session is gone, and the next call builds a new one.
            UserError: inputs are missing or unknown to the model, or the device failed.
        """
        cancel.check()
        failure: Exception
        try:
            return self._attempt(cancel, feeds)
        except (Cancelled, OutOfMemory, UserError):
            raise
        except Exception as error:
            failure = self._model.runtime.failure(self._model, error)
        raise failure

    def forget(self) -> None:
        """Let go of the session. For `Model` only."""
        self._call = None

    def _attempt(self, cancel: CancelToken, feeds: Mapping[str, NDArray[Any]]) -> FloatArray:
        call = self._ready()
        options = run_options()
        with cancel.guard(options):
            return call.run(feeds, options)

    def _ready(self) -> PlainCall | DeviceCall:
        session = self._model.session()
        if self._call is None:
            kind = DeviceCall if self._model.runtime.device.kind == "cuda" else PlainCall
            self._call = kind(session, self._constants)
        return self._call


def _one_line(error: Exception) -> str:
    lines = str(error).strip().splitlines()
    return lines[0][:300] if lines else type(error).__name__

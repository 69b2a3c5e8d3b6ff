"""One call of a session: plain feeds from main memory, or tensors that stay on the device.

Both check names against the graph first, so that a manifest that contradicts its model is said in
those words and not in onnxruntime's.
"""

from collections.abc import Mapping
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from engine.errors import UserError
from engine.runtime.ort import onnxruntime

FloatArray = NDArray[np.float32]

_DTYPES: Final[dict[str, type[np.generic]]] = {
    "tensor(float)": np.float32,
    "tensor(float16)": np.float16,
    "tensor(int64)": np.int64,
    "tensor(int32)": np.int32,
    "tensor(bool)": np.bool_,
}
_OUTPUT: Final = "prediction"


class PlainCall:
    """Feeds numpy arrays; onnxruntime copies them where they are needed."""

    def __init__(self, session: Any, constants: Mapping[str, NDArray[Any]]) -> None:
        self.session = session
        self._inputs = {value.name: value.type for value in session.get_inputs()}
        self._output = _output_name(session)
        self._constants = _typed(constants, self._inputs)

    def run(self, feeds: Mapping[str, NDArray[Any]], options: Any) -> FloatArray:
        """One call with the constants and these feeds."""
        _check_names(self._inputs, self._constants, feeds)
        values = self._constants | _typed(feeds, self._inputs)
        (output,) = self.session.run([self._output], values, options)
        return np.asarray(output, np.float32)


class DeviceCall:
    """Keeps constants and input buffers on the device (IO binding); only the output comes back.

    https://onnxruntime.ai/docs/performance/tune-performance/iobinding.html
    """

    def __init__(
        self, session: Any, constants: Mapping[str, NDArray[Any]], *, device: str = "cuda"
    ) -> None:
        self.session = session
        self._device = device
        self._inputs = {value.name: value.type for value in session.get_inputs()}
        self._output = _output_name(session)
        self._constants = frozenset(constants)
        self._binding = session.io_binding()
        self._buffers: dict[str, tuple[tuple[int, ...], Any]] = {}
        for name, value in _typed(constants, self._inputs).items():
            self._upload(name, value)

    def run(self, feeds: Mapping[str, NDArray[Any]], options: Any) -> FloatArray:
        """One call with the constants and these feeds."""
        _check_names(self._inputs, self._constants, feeds)
        for name, value in _typed(feeds, self._inputs).items():
            held = self._buffers.get(name)
            if held is not None and held[0] == value.shape:
                held[1].update_inplace(value)
            else:
                self._upload(name, value)
        # bound anew: the output's shape follows the inputs', and it is read on the host
        self._binding.clear_binding_outputs()
        self._binding.bind_output(self._output, "cpu")
        self.session.run_with_iobinding(self._binding, options)
        return np.asarray(self._binding.copy_outputs_to_cpu()[0], np.float32)

    def _upload(self, name: str, value: NDArray[Any]) -> None:
        # a copy: on the CPU (tests) the tensor would share the caller's memory
        tensor = onnxruntime().OrtValue.ortvalue_from_numpy(value.copy(), self._device, 0)
        self._binding.bind_ortvalue_input(name, tensor)
        self._buffers[name] = (value.shape, tensor)


def _output_name(session: Any) -> str:
    names = [value.name for value in session.get_outputs()]
    return _OUTPUT if _OUTPUT in names else str(names[0])


def _typed(
    values: Mapping[str, NDArray[Any]], inputs: Mapping[str, str]
) -> dict[str, NDArray[Any]]:
    """Values in the graph's types, C-contiguous; names that the graph lacks stay as they are."""
    return {
        name: np.ascontiguousarray(value, _DTYPES.get(inputs.get(name, "")))
        for name, value in values.items()
    }


def _check_names(
    inputs: Mapping[str, str],
    constants: Mapping[str, NDArray[Any]] | frozenset[str],
    feeds: Mapping[str, NDArray[Any]],
) -> None:
    given = set(constants) | set(feeds)
    if given == set(inputs):
        return
    missing = ", ".join(sorted(set(inputs) - given)) or "nothing"
    unknown = ", ".join(sorted(given - set(inputs))) or "nothing"
    raise UserError(
        "The bundle's model was not run",
        f"it also wants {missing}, and has no input {unknown}",
        "Export the bundle again: its manifest and its model differ",
    )

from collections.abc import Callable
from pathlib import Path
from typing import Any

Noisefall = Callable[..., Any]


def test_a_bundle_is_installed_listed_inspected_verified_and_removed(
    noisefall: Noisefall, home: Path, tiny_bundle: Path
) -> None:
    installed = noisefall("bundle", "install", tiny_bundle)
    assert installed.code == 0, installed.err
    name, version, short = installed.out.split()[:3]
    assert str(home / "bundles") in installed.out
    assert noisefall("bundle", "list").out == f"{name} {version} {short}\n"

    inspected = noisefall("bundle", "inspect", name)
    assert inspected.code == 0
    assert inspected.out.startswith(f"{name} {version} {short}\n")
    for fact in ("route spectrogram", "generator: predicts", "100 Hz, steps: draft", "text.onnx"):
        assert fact in inspected.out

    verified = noisefall("bundle", "verify", tiny_bundle)
    assert verified.code == 0
    assert "files are as its manifest says" in verified.out

    damaged = next((home / "bundles").glob("*/generator.weights"))
    data = bytearray(damaged.read_bytes())
    data[len(data) // 2] ^= 1
    damaged.chmod(0o644)
    damaged.write_bytes(data)
    told = noisefall("bundle", "verify", name)
    assert told.code == 2
    assert "generator.weights" in told.err
    assert told.err.count("\n") == 1

    assert noisefall("bundle", "remove", name).code == 0
    assert "No bundle is installed" in noisefall("bundle", "list").out
    assert noisefall("bundle", "remove", name).code == 2

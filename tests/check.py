"""Every check of the project in one command: style, types, layers, tests.

Runs them all even when one fails, so that one run shows everything, and ends with pytest's summary.
"""

import signal
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
CHECKS = (
    ("ruff", "check", "."),
    ("ruff", "format", "--check", "."),
    ("mypy",),
    ("lint-imports",),
    ("pytest",),
)


def _how(ended: int) -> str:
    """An exit code in words: a crash after the last test is no failed test."""
    return f"exit code {ended}" if ended > 0 else f"ended by {signal.Signals(-ended).name}"


def main() -> int:
    """Run the checks; 0 if all passed."""
    tools = Path(sys.executable).parent
    failed = []
    for check in CHECKS:
        sys.stdout.write(f"── {' '.join(check)}\n")
        sys.stdout.flush()
        command = [str(tools / check[0]), *check[1:]]
        ended = subprocess.run(command, cwd=ROOT, check=False).returncode
        if ended:
            failed.append(f"{' '.join(check)} ({_how(ended)})")
    if failed:
        sys.stdout.write(f"failed: {', '.join(failed)}\n")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())

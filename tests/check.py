"""Every check of the project in one command: style, types, layers, tests.

Runs them all even when one fails, so that one run shows everything, and ends with pytest's summary.
"""

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


def main() -> int:
    """Run the checks; 0 if all passed."""
    tools = Path(sys.executable).parent
    failed = []
    for check in CHECKS:
        sys.stdout.write(f"── {' '.join(check)}\n")
        sys.stdout.flush()
        command = [str(tools / check[0]), *check[1:]]
        if subprocess.run(command, cwd=ROOT, check=False).returncode:
            failed.append(" ".join(check))
    if failed:
        sys.stdout.write(f"failed: {', '.join(failed)}\n")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())

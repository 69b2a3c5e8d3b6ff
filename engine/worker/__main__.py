"""`python -m engine.worker serve`."""

import sys

from engine.worker.entry import main

if __name__ == "__main__":
    sys.exit(main())

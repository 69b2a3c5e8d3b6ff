"""How many cores this process may use: the machine's, less what the system took away.

Rejected: `os.cpu_count()` (it counts hyper-threads, which slow dense convolutions down, and knows
nothing of a container's quota).
"""

import math
import os
from pathlib import Path
from typing import Final

import psutil

_CGROUP: Final = Path("/sys/fs/cgroup")
_SELF: Final = Path("/proc/self/cgroup")


def usable_cores(*, cgroup: Path = _CGROUP, self_cgroup: Path = _SELF) -> int:
    """Physical cores, bounded by CPU affinity and by the cgroup's quota; at least 1."""
    physical = psutil.cpu_count(logical=False) or os.cpu_count() or 1
    bounds = [physical]
    if hasattr(os, "sched_getaffinity"):
        bounds.append(len(os.sched_getaffinity(0)))
    for folder in cgroup_folders(cgroup=cgroup, self_cgroup=self_cgroup):
        quota, _, period = read_text(folder / "cpu.max").partition(" ")
        if quota.isdigit() and period.strip().isdigit():
            bounds.append(math.ceil(int(quota) / int(period)))
    return max(1, min(bounds))


def cgroup_folders(*, cgroup: Path = _CGROUP, self_cgroup: Path = _SELF) -> list[Path]:
    """This process's cgroup (version 2) and every one above it; a limit may sit on any."""
    for line in read_text(self_cgroup).splitlines():
        if line.startswith("0::/"):
            folder = cgroup / line[4:].strip()
            parents = [parent for parent in folder.parents if cgroup in (parent, *parent.parents)]
            return list(dict.fromkeys([folder, *parents]))
    return [cgroup]


def read_text(path: Path) -> str:
    """A small system file's text, empty when it is not there."""
    try:
        return path.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError):
        return ""

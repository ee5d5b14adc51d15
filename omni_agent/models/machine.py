"""What a machine has to run models on: processor cores, memory, graphics processors."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

GB = 1_000_000_000
_MIB = 1 << 20
# nvidia-smi waits for a driver that hangs.
_PATIENCE_S = 10.0
_QUERY = ["nvidia-smi", "--query-gpu=name,memory.total,memory.free", "--format=csv,noheader,nounits"]

Run = Callable[[Sequence[str]], str]


@dataclass(frozen=True, slots=True)
class Gpu:
    """A graphics processor; `memory` and what is `free` of it in GB of 10⁹ bytes."""

    name: str
    memory: float
    free: float


@dataclass(frozen=True, slots=True)
class Machine:
    """What there is.

    Attributes:
        cores: Processor cores that this process may use.
        memory: Main memory in GB of 10⁹ bytes; 0 where the system does not tell.
        gpus: Graphics processors that models can run on.
    """

    cores: int
    memory: float
    gpus: tuple[Gpu, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """As plain JSON."""
        return {**asdict(self), "gpus": [asdict(gpu) for gpu in self.gpus]}


def look(run: Run | None = None, torch: Callable[[], Any] | None = None) -> Machine:
    """Look at this machine. Blocks for as long as `nvidia-smi` takes, 10 s at most.

    Args:
        run: Gives what a command prints; raises OSError or `subprocess.SubprocessError` where it cannot.
        torch: Gives the torch module, or raises ImportError; asked only where `nvidia-smi` is missing.
    """
    gpus = by_nvidia_smi(run or _printed) or by_torch(torch or _torch)
    return Machine(_cores(), _memory(), gpus)


def by_nvidia_smi(run: Run) -> tuple[Gpu, ...]:
    """NVIDIA's, as `nvidia-smi` lists them: a line each with name, total and free memory in MiB."""
    try:
        printed = run(_QUERY)
    except (OSError, subprocess.SubprocessError):
        return ()
    return tuple(gpu for line in printed.splitlines() if (gpu := _listed(line)))


def by_torch(torch: Callable[[], Any]) -> tuple[Gpu, ...]:
    """Those that an installed torch can use, AMD's included."""
    try:
        cuda = torch().cuda
        if not cuda.is_available():
            return ()
        found = []
        for index in range(cuda.device_count()):
            free, total = cuda.mem_get_info(index)
            found.append(Gpu(str(cuda.get_device_name(index)), _rounded(total), _rounded(free)))
    # Drivers fail in ways of their own, and none of them is worth more than no advice on this card.
    except (ImportError, OSError, RuntimeError, AttributeError):
        return ()
    return tuple(found)


def _listed(line: str) -> Gpu | None:
    name, _, numbers = line.partition(",")
    total, _, free = numbers.partition(",")
    try:
        # Cards that share the main memory answer [N/A].
        return Gpu(name.strip(), _rounded(float(total) * _MIB), _rounded(float(free) * _MIB))
    except ValueError:
        return None


def _printed(command: Sequence[str]) -> str:
    return subprocess.run(command, capture_output=True, text=True, check=True, timeout=_PATIENCE_S).stdout


def _torch() -> Any:
    import importlib

    return importlib.import_module("torch")


def _cores() -> int:
    # A container may be given fewer than the machine has.
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _memory() -> float:
    try:
        return _rounded(os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE"))
    except (AttributeError, OSError, ValueError):
        return 0.0


def _rounded(size: float) -> float:
    return round(size / GB, 1)

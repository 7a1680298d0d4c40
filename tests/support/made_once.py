"""What is dear to make and the same for all workers of one test run: the first one makes it, the others read it."""

import fcntl
import os
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest


def made_once(name: str, make: Callable[[], Any], factory: pytest.TempPathFactory) -> Any:
    """Return what `make` returns, pickled between the workers of this run; two do not make it at once."""
    folder = factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        folder = folder.parent  # the workers' folders of one run lie in one folder, which is theirs alone
    return _made(folder / f"{name}.pickle", make)


def _made(file: Path, make: Callable[[], Any]) -> Any:
    with file.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not file.exists():
            half = file.with_suffix(".half")
            half.write_bytes(pickle.dumps(make()))
            half.replace(file)  # whole or not at all, also when this worker is killed
        return pickle.loads(file.read_bytes())

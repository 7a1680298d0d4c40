"""What is dear to make and the same for all workers of one test run: the first one makes it, the others read it."""

import fcntl
import pickle
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

_folders: list[Path] = []


def pytest_configure(config: pytest.Config) -> None:
    """Learn of the run that this process is a worker of (tests/conftest.py takes it in).

    A process that a test starts is none, whatever it inherits: it may be in another folder or network.
    """
    if hasattr(config, "workerinput"):
        _folders[:] = [Path(config.option.basetemp).parent]  # the workers' folders lie in it, and it is theirs alone


def folder_of_run() -> Path | None:
    """Return a folder that all workers of this run share; None: we are alone."""
    return _folders[0] if _folders else None


@contextmanager
def locked(file: Path) -> Iterator[None]:
    """Let one worker at a time deal with a file."""
    with file.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def made_once(name: str, make: Callable[[], Any], factory: pytest.TempPathFactory) -> Any:
    """Return what `make` returns, pickled between the workers of this run; two do not make it at once."""
    return _made((folder_of_run() or factory.getbasetemp()) / f"{name}.pickle", make)


def made_once_of_run(name: str, make: Callable[[], Any]) -> Any:
    """Do the same where no test asks: what is made alone is kept by who makes it."""
    folder = folder_of_run()
    return make() if folder is None else _made(folder / f"{name}.pickle", make)


def _made(file: Path, make: Callable[[], Any]) -> Any:
    with locked(file):
        if not file.exists():
            half = file.with_suffix(".half")
            half.write_bytes(pickle.dumps(make()))
            half.replace(file)  # whole or not at all, also when this worker is killed
        return pickle.loads(file.read_bytes())

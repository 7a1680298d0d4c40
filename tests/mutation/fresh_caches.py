"""A pytest plugin for mutants: each begins with empty caches.

mutmut forks after a run without mutation, so what a function keeps by `@cache` would hide what the mutant does.
"""

import functools
import gc


def pytest_sessionstart() -> None:
    """Empty every cache of the process."""
    for one in gc.get_objects():
        if isinstance(one, functools._lru_cache_wrapper):
            one.cache_clear()

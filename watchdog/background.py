"""Long computations beside the loop, one at a time, so that no probe waits for them.

Python runs one thread at a time: more of them make nothing faster, and the loop would have to win its turn back from
each.
"""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")

_ONE = ThreadPoolExecutor(max_workers=1, thread_name_prefix="aside")


async def run_in_background(work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Return what the work returns, or raise what it raises; what was asked for before comes first."""
    return await asyncio.get_running_loop().run_in_executor(_ONE, partial(work, *args, **kwargs))

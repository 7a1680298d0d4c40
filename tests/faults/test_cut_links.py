"""Two real workers behind links of the kernel that are cut, or slow, when it matters: each moment twenty times."""

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.faults.cut_links import MOMENTS, WAYS
from tests.faults.links import STORE, WORLD, why_not

REPEATS, AT_ONCE = 20, 3
LINKS = (STORE, WORLD, f"{STORE},{WORLD}")
STORY_SECONDS = 900.0


def played(moment: str, way: str, links: str, folder: Path) -> str:
    """Play one story in a namespace of its own; return what went wrong, or nothing."""
    folder.mkdir()
    command = ["unshare", "--net", sys.executable, "-m", "tests.faults.cut_links", moment, way, links, str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=STORY_SECONDS, check=False)
    return "" if done.returncode == 0 else f"{links}: {done.stdout[-2000:]}{done.stderr[-20_000:]}"


@pytest.mark.nightly
@pytest.mark.timeout(REPEATS * STORY_SECONDS)
@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("moment", MOMENTS)
def test_a_link_that_is_cut_or_slow_when_it_matters(tmp_path: Path, moment: str, way: str) -> None:
    """One rollback is accepted, every page is resolved and every incident closed, whichever link it is."""
    if why := why_not():
        pytest.skip(why)
    with ThreadPoolExecutor(AT_ONCE) as pool:
        stories = [(LINKS[number % len(LINKS)], tmp_path / str(number)) for number in range(REPEATS)]
        wrong = [why for why in pool.map(lambda story: played(moment, way, *story), stories) if why]
    assert not wrong, "\n\n".join(wrong)

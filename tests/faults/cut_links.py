"""One outage, two workers, and a link that is cut or slow when it matters: one rollback, and every page is closed.

`unshare --net python -m tests.faults.cut_links MOMENT WAY LINKS FOLDER`, in a namespace of its own. MOMENT is `suspect`
(before the decision), `intent` (it is saved, and nothing sent), or `verify`; WAY is `cut` or `slow`; LINKS is `store`,
`world` or both, with a comma. Ends with 0, or with what went wrong.
"""

import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path

from tests.faults.links import Linked, linked
from tests.support.daemon_processes import SHORT, Daemon

MOMENTS = {"suspect": "SUSPECT", "intent": "", "verify": "RESTORED"}
WAYS = ("cut", "slow")
SLOWER = SHORT.replace("run: 3s,", "run: 5s, calm: 3s,").replace(
    "verification: {seconds: 3s}", "verification: {seconds: 8s}"
)
HARM_SECONDS = 25.0
"""Longer than a lease, and than the way of an heir to its rollback."""
END_SECONDS = 240.0


def within(seconds: float, condition: Callable[[], object], two: Linked, what: str) -> None:
    give_up = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < give_up, f"{what}\n{told(two)}"
        time.sleep(0.1)


def told(two: Linked) -> str:
    seen = [f"--- {worker.name}\n{worker.words()[-6000:]}" for worker in two.both]
    return "\n".join([*seen, *(str(one) for one in two.cloud.log() if one["what"] != "request")])


def all_closed(two: Linked) -> bool:
    """Tell whether every page was resolved, and no incident is open in the record."""
    opened, closed = ({one["dedup_key"] for one in two.cloud.log(f"pagerduty_{it}")} for it in ("trigger", "resolve"))
    return opened <= closed and two.near.rows("SELECT count(*) FROM incidents WHERE closed_at IS NULL") == [(0,)]


def harmed_at(two: Linked, moment: str) -> Daemon:
    """Break a deploy, and return its worker when the moment has come."""
    two.cloud.bad_deploy()
    if moment == "intent":
        within(END_SECONDS, (two.cloud.folder / "stopped").exists, two, "the point was not reached")
        return two.holder("web")
    label = MOMENTS[moment]
    within(END_SECONDS, lambda: any(one.story(label) for one in two.both), two, f"nobody came to {label}")
    return next(one for one in two.both if one.story(label))


def play(moment: str, way: str, links: list[str], folder: Path) -> str:
    with linked(folder, 4, more=SLOWER, rollback_seconds=2.0) as two:
        two.start("after_intent" if moment == "intent" else None)
        worker = harmed_at(two, moment)
        ends = two.ends[worker.name]
        for link in links:
            (ends.cut if way == "cut" else ends.slow)(link)
        if moment == "intent":
            worker.process.send_signal(signal.SIGCONT)
        time.sleep(HARM_SECONDS)
        two.heal(worker, links)
        accepted = two.cloud.log("rollback_accepted")
        within(END_SECONDS, lambda: two.cloud.log("rollback_accepted"), two, "nothing was rolled back")
        within(END_SECONDS, lambda: all_closed(two), two, "a page or an incident was left open")
        within(
            END_SECONDS, lambda: two.shared() and all(one.ready() for one in two.both), two, "they are not well again"
        )
        assert [one["target"] for one in two.cloud.log("rollback_accepted")] == ["dep-40"], told(two)
        assert all_closed(two), told(two)
        assert "Traceback" not in told(two) and "task failed" not in told(two), told(two)
        keys = {one["dedup_key"] for one in two.cloud.log("pagerduty_trigger")}
        return f"{'meanwhile' if accepted else 'afterwards'}; pages: {', '.join(sorted(keys))}"


if __name__ == "__main__":
    moment_, way_, links_, folder_ = sys.argv[1:]
    print(play(moment_, way_, links_.split(","), Path(folder_)))

"""The outcome of a live episode, from the sandbox's own log: actions, times, and whether they were right."""

from collections.abc import Sequence
from dataclasses import dataclass

from watchdog.app.live.episode_kinds import EpisodePlan
from watchdog.app.sandbox_demo import sandbox_process
from watchdog.app.sandbox_demo.sandbox_process import Entry
from watchdog.lab.episode import Right

PAGED = "pagerduty_trigger"


@dataclass(frozen=True, slots=True)
class Seen:
    """One episode. Seconds since the onset (the log's `fault_started`): `at` is the time of the right action.

    That is the rollback's request, or the page if there is nothing to roll back; None: never, or no action was due.
    `pinned_at` is the request to switch auto-deploy off. `wrong` lists all deviations in words. Not `played`: the
    machinery failed (the daemon did not get ready, a process ended), so the delay is unknown.
    """

    kind: str
    seed: str
    at: float | None
    pinned_at: float | None
    target: str | None
    rollbacks: int
    pages: int
    wrong: tuple[str, ...]
    played: bool = True

    def json_object(self) -> dict[str, object]:
        """Return the episode for machines."""
        return {
            "kind": self.kind,
            "seed": self.seed,
            "seconds": self.at,
            "pin_seconds": self.pinned_at,
            "target": self.target,
            "rollbacks": self.rollbacks,
            "pages": self.pages,
            "wrong": list(self.wrong),
            "played": self.played,
        }


def judge(plan: EpisodePlan, story: Sequence[Entry], troubles: Sequence[str] = (), *, played: bool = True) -> Seen:
    """Return the judgement of an episode by its log; `troubles` are failures of the machinery."""
    onset = sandbox_process.first_at(story, what="fault_started", target="web")
    # Of the changes to Render only rollbacks are POSTs; auto-deploy is switched by a PATCH.
    requested = sandbox_process.first_at(story, what="request", vendor="render", method="POST")
    pinned = sandbox_process.first_at(story, what="request", vendor="render", method="PATCH")
    paged = sandbox_process.first_at(story, what=PAGED)
    accepted = [str(entry["target"]) for entry in story if entry["what"] == "rollback_accepted"]
    done = {Right.ROLLBACK: requested, Right.PAGE: paged}.get(plan.right)
    pages = sandbox_process.pages(story)
    return Seen(
        plan.kind,
        plan.seed,
        _since(onset, done),
        _since(onset, pinned),
        accepted[0] if accepted else None,
        len(accepted),
        pages,
        (*troubles, *_wrong(plan, story, onset, accepted, pages)) if played else tuple(troubles),
        played,
    )


def _wrong(
    plan: EpisodePlan, story: Sequence[Entry], onset: float | None, accepted: Sequence[str], pages: int
) -> tuple[str, ...]:
    if onset is None:
        return ("nothing ever failed",)
    wanted = [plan.target] if plan.target is not None else []
    wrong = []
    if list(accepted) != wanted:
        wrong.append(f"rolled back to {', '.join(accepted) or 'nothing'}, expected {', '.join(wanted) or 'nothing'}")
    if wanted and accepted and not sandbox_process.pinned_first(story):
        wrong.append("auto-deploy was not off before the rollback")
    if not wanted and sandbox_process.writes(story):
        wrong.append(f"Render was written to: {sandbox_process.writes(story)}")
    if pages != (expected := int(plan.right is not Right.NOTHING)):
        wrong.append(f"{pages} pages, expected {expected}")
    acts = [sandbox_process.first_at(story, what="rollback_accepted"), sandbox_process.first_at(story, what=PAGED)]
    if any(at is not None and at < onset for at in acts):
        wrong.append("something was done before anything failed")
    return tuple(wrong)


def _since(onset: float | None, at: float | None) -> float | None:
    return at - onset if onset is not None and at is not None else None

"""Formats one played episode line by line: the truth, the core's notes and actions, and the verdict.

Rule: times are seconds since the onset, negative before it. This file only formats; the loop plays.
"""

from collections.abc import Iterator, Sequence

from watchdog.lab.clean_years import Clean
from watchdog.lab.closed_loop import Record
from watchdog.lab.episode import EpisodeWorld
from watchdog.lab.episode_judgement import Played
from watchdog.lab.score import kind_of

CLEAN = "clean"
"""The name of a month without a fault, shown in the place of a fault class."""
WHATS = {
    "rollback": "a rollback",
    "ask": "an approval request",
    "page": "a page",
    "self-alert": "an alert that the watchdog itself is blind",
    "ticket": "a ticket at most",
    "nothing": "no action",
}
"""The words for each action."""


def begins_at(scene: EpisodeWorld) -> float:
    """Return the moment from which the lines count seconds (UTC epoch seconds)."""
    return scene.truth.onset_at if scene.truth.onset_at is not None else scene.fault_at


def tell(scene: EpisodeWorld, record: Record, played: Played) -> list[str]:
    """Return the story of an episode: the truth, every line, the verdict."""
    return [
        f"{scene.name}: {kind_of(played).words} (seed {played.seed})",
        *_truth(scene),
        "",
        *_lines(record, begins_at(scene)),
        "",
        *verdict(scene, played),
    ]


def tell_clean(scene: EpisodeWorld, record: Record, clean: Clean) -> list[str]:
    """Return the story of a clean month; seconds are counted from its beginning."""
    return [
        f"{CLEAN}: {clean.years * 365.25:.0f} days without a fault (seed {clean.seed})",
        "",
        *_lines(record, scene.begins_at),
        "",
        f"{'VERDICT':<12} {'wrong' if clean.rollbacks or clean.pages else 'right'}: "
        f"rollbacks: {clean.rollbacks}, pages: {clean.pages}; none is right",
    ]


def verdict(scene: EpisodeWorld, played: Played) -> Iterator[str]:
    """Yield the right action, the first action, the needless calls and the verdict."""
    wanted = " or ".join(WHATS[one] for one in (played.right, *sorted(scene.truth.also)))
    yield f"{'RIGHT':<12} {wanted}"
    at = f" {played.at:.1f} s after the onset" if played.at is not None else ""
    yield f"{'DONE FIRST':<12} {WHATS[played.did]}{at}"
    if played.needless:
        calls = "page or question" if played.needless == 1 else "pages or questions"
        yield f"{'NEEDLESS':<12} {played.needless} {calls} without an incident, or without news"
    yield f"{'VERDICT':<12} {'right' if played.good else 'wrong: ' + why_wrong(played)}"


def why_wrong(played: Played) -> str:
    """Return in words why an episode is counted as a failure."""
    # The worst reason first: an episode may be wrong in several ways, and the line names one.
    if played.wrong_service:
        return "the wrong service was rolled back"
    if played.false:
        return "a false rollback, or one to the wrong version"
    if played.did == "nothing":
        return "no action until the end of the episode"
    if played.right in ("nothing", "ticket"):
        return "a page or question without an incident"
    return f"{WHATS[played.did]}, where {WHATS[played.right]} was right"


def _truth(scene: EpisodeWorld) -> Iterator[str]:
    truth = scene.truth
    if truth.commit is not None:
        yield f"{'TRUTH':<12} commit {truth.commit} of {truth.service} is the cause, {truth.share:.0%} of requests fail"
        yield f"{'BACK TO':<12} {', '.join(sorted(truth.targets))}"
    elif truth.onset_at is not None:
        yield f"{'TRUTH':<12} no deploy is the cause; {truth.share:.0%} of the requests of {truth.service} fail"
    else:
        yield f"{'TRUTH':<12} there is no incident; seconds count from the moment that resembles one"
    for service in scene.services.values():
        for one in service.releases:
            # The good deploys before the world begins are the same in every story.
            if one.live_at > scene.begins_at:
                since = one.serves_at - begins_at(scene)
                what = f"{one.id} {one.commit} of {service.name}"
                yield f"{'DEPLOY':<12} {what} serves from {since:+.1f} s on ({one.trigger})"


def _lines(record: Record, begins: float) -> Sequence[str]:
    notes = [(one.at, 0, one.service, one.label, one.text) for one in record.notes]
    done = [
        (one.at, 1, one.service, "DID", _did(one.what, one.commit, one.text))
        for one in record.did
        if one.what != "info"
    ]
    # At the same moment the core's notes go first: they give the reason of the action that follows.
    told = sorted([*notes, *done], key=lambda line: line[:2])
    return [f"{at - begins:+10.1f} s  {service:<7} {label:<12} {text}" for at, _, service, label, text in told]


def _did(what: str, commit: str | None, text: str) -> str:
    return f"{what}{f' to {commit}' if what == 'rollback' else ''}{f': {text}' if text else ''}"

"""The arithmetic of a decision in words: blame, guards, target. Pure.

Rule: every factor is shown, in the order it was multiplied.
"""

from collections.abc import Sequence

from watchdog.domain.decisions import Blame, Decision, Evidence, GuardAnswer, TargetChoice, Verdict
from watchdog.domain.deploys import Deploy
from watchdog.presentation.text import (
    clean,
    item,
    joined,
    section,
    short,
    show_number,
    show_odds,
    show_probability,
    wrapped,
)


def blame(decision: Decision, *, all_vetoes: bool = False, repo: str | None = None) -> list[str]:
    """Return the suspect, the odds term by term, the probability needed, and the vetoes."""
    weighed = decision.blame
    if weighed is None:
        return []
    if weighed.suspect is None:
        return section("BLAME", f"no suspect: {weighed.why}")
    lines = section("BLAME", named(weighed.suspect))
    # A restart or a rollback may be live while an earlier deploy brought the change: both are named.
    if weighed.change is not None and weighed.change.id != weighed.suspect.id:
        lines += item("change", f"{named(weighed.change)}: the deploy that brought what differs")
    if weighed.configuration:
        what = ", ".join(weighed.suspect.changed) or "which part is not known"
        lines += item("changed", f"only configuration ({what}); the code is that of its predecessor")
    lines += _diff(decision, repo)
    return lines + arithmetic(weighed) + vetoes(weighed, everything=all_vetoes) + causes(weighed)


def rule(decision: Decision) -> str:
    """Return the rule of the policy that applied: `critical -> rollback`."""
    asked = decision.policy_action
    return f"{decision.severity} -> {asked}" if asked is not None else "a human asked"


def named(deploy: Deploy) -> str:
    """Return a deploy as people know it: `dep-42  9f3c2ab "Refactor sessions"`."""
    subject = clean(deploy.commit_message.strip().split("\n")[0], limit=60)
    return f"{clean(deploy.id)}  {short(deploy.code)}" + (f' "{subject}"' if subject else "")


def _diff(decision: Decision, repo: str | None) -> list[str]:
    link = diff_link(decision, repo)
    return [f"{'  diff':<13}{link}"] if link else []


def diff_link(decision: Decision, repo: str | None) -> str:
    """Return the address of the comparison of target and suspect; empty if the commits are not both known."""
    suspect = decision.blame.suspect if decision.blame else None
    target = decision.target.deploy if decision.target else None
    # Other hosts have other addresses for a comparison: a broken link is worse than none.
    if not (
        repo and repo.startswith("https://github.com/") and suspect and target and suspect.commit and target.commit
    ):
        return ""
    link = clean(f"{repo.removesuffix('.git')}/compare/{target.commit[:12]}...{suspect.commit[:12]}")
    return link if suspect.commit != target.commit else ""


def arithmetic(weighed: Blame) -> list[str]:
    """Return prior odds x factors = odds, and the probability needed."""
    need = f"need {weighed.need:.2f} = max(floor {weighed.floor:.2f}, cost rule {weighed.cost_rule:.2f})"
    need += f", asked from {weighed.likely_from:.2f}" if weighed.likely_from < weighed.need else ""
    if weighed.probability is None:
        return item("P unknown", f"{weighed.why}; {need}")
    lines = item(f"odds {show_number(weighed.prior_odds)}", weighed.prior_why)
    for term in weighed.factors:
        lines += item(f"x {show_number(term.factor)}", term.why)
    if not weighed.factors:
        lines += item("x 1", "no other evidence")
    surely = "P 0, vetoed" if weighed.vetoed else f"P {show_probability(weighed.probability)}"
    return lines + wrapped(f"  = {show_odds(weighed.odds)}", f"{surely}; {need}")


def causes(weighed: Blame) -> list[str]:
    """Return all possible causes, likeliest first; none if the service's own change is the only candidate."""
    rows = ranked(weighed)
    lines = section("CAUSES", "likeliest first; they add up to 1") if rows else []
    for chance, why in rows:
        lines += item(f"P {show_probability(chance)}", why)
    return lines


def ranked(weighed: Blame) -> list[tuple[float, str]]:
    """Return (probability, words) of each cause, this service's own change and an unobserved one among them."""
    if not weighed.causes or weighed.suspect is None or weighed.probability is None:
        return []
    found = [(weighed.chance_of(one), clean(one.why)) for one in weighed.causes]
    # The causes that were weighed rarely add up to 1: the rest is a cause that no signal shows.
    unseen = 1.0 - weighed.probability - sum(chance for chance, _ in found)
    own = f"its own deploy {clean(weighed.accused.id)}" if weighed.accused is not None else "its own deploy"
    found += [(weighed.probability, own), (max(0.0, unseen), "an unobserved cause")]
    return sorted(found, key=lambda one: -one[0])


def vetoes(weighed: Blame, *, everything: bool = False) -> list[str]:
    """Return the vetoes that fired, or a line that none did; `everything` lists the others with their reasons too."""
    fired = weighed.vetoed
    lines: list[str] = []
    for veto in fired:
        lines += item("VETO", f"{veto.name}: {veto.why}")
    if not fired and weighed.vetoes:
        hint = "" if everything else " (--all lists them)"
        lines += item("vetoes", f"none of {len(weighed.vetoes)} apply{hint}")
    if everything:
        for veto in weighed.vetoes:
            lines += [] if veto.fired else item("no veto", f"{veto.name}: {veto.why}")
    return lines


def guards(answers: Sequence[GuardAnswer]) -> list[str]:
    """Return the guards that block or ask, one a line, then those that pass."""
    passed = [f"{answer.name} {answer.why}" for answer in answers if answer.verdict is Verdict.PASS]
    held = [answer for answer in answers if answer.verdict is not Verdict.PASS]
    lines: list[str] = []
    for answer in sorted(held, key=lambda answer: answer.verdict is not Verdict.BLOCK):
        soon = " (for now)" if answer.passing else ""
        text = f"{answer.verdict.upper()}  {answer.name}: {answer.why}{soon}"
        lines += wrapped("" if lines else "GUARDS", text, indent=13)
    return lines + joined("" if lines else "GUARDS", passed)


def target(choice: TargetChoice | None) -> list[str]:
    """Return the target of the rollback, and the deploys passed over."""
    if choice is None:
        return []
    if choice.deploy is None:
        lines = section("TARGET", f"none: {choice.why}")
    else:
        lines = section("TARGET", f"{choice.deploy.id}  {short(choice.deploy.code)}, {choice.why}")
    for skipped in choice.skipped:
        lines += item("skipped", f"{skipped.deploy}  {short(skipped.code)}: {skipped.why}")
    lines += item("warning", choice.warning) if choice.warning else []
    return lines + (item("ask first", choice.ask) if choice.ask else [])


def reading_now(one: Evidence) -> str:
    """Return the newest reading of a signal: `now bad: HTTP 503, read 3 s ago`."""
    return f"now {one.verdict}: {clean(one.text)}, {one.detail}"

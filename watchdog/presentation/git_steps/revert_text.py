"""The words of a revert: its plan, the message of its commit with the evidence, the lines of the record. Pure.

Rule: what strangers wrote (titles of commits, error texts) stays out of the commit's message, or stands there without
the signs by which a host closes issues, names people or skips builds.
"""

import re

from watchdog.domain.code_comparison import named as commits_named
from watchdog.domain.commands.command_line import command_line, pasted
from watchdog.domain.incidents import Incident
from watchdog.domain.remedies.git_steps import BranchPlan, Reverted, RevertOrder, TakeBackOrder
from watchdog.presentation.block_words import SAFE_ORDER
from watchdog.presentation.git_steps import deploy_text
from watchdog.presentation.outlooks.safe_order import DatabaseSteps, order_lines
from watchdog.presentation.text import clean, many, moment, section, short, show_probability

REVERT = "git-revert"
TITLE_MAX = 120
SHAS_MAX = 20
"""Commits that a message names; the rest are counted."""
_SIGNS = re.compile(r"[#@\[\]<>`]|(?<=\bgh)-(?=\d)", re.IGNORECASE)
"""The signs, and the dash of `GH-12`, which closes an issue as `#12` does."""


def inert(text: object, limit: int = TITLE_MAX) -> str:
    """Return foreign text on one line that does nothing in the message of a commit."""
    return " ".join(_SIGNS.sub(" ", clean(text, 4 * limit)).split())[:limit]


def commit_title(plan: BranchPlan, incident: Incident) -> str:
    """Return the first line of the commit's message."""
    return f"Revert to {short(plan.stable)}: {inert(incident.service)} failed ({clean(incident.id)})"


def commit_message(plan: BranchPlan, incident: Incident, by: str) -> str:
    """Return the message of the commit: what it restores and undoes, and the evidence."""
    shas = [one.sha[:12] for one in plan.undone.changes.commits[:SHAS_MAX]]
    left = plan.undone.changes.total - len(shas)
    trailers = {
        "Watchdog-Incident": clean(incident.id),
        "Watchdog-Restores": plan.stable,
        "Watchdog-Undoes": f"{plan.stable}..{plan.head}",
    }
    paragraphs = [
        [commit_title(plan, incident)],
        [
            f"The whole tree of {plan.stable} again, in one commit on top of the branch.",
            f"It undoes {commits_undone(plan)}: {', '.join(shas)}{f' and {left} more' if left > 0 else ''}.",
        ],
        evidence(incident),
        [
            f"Ordered by {inert(by)} with `{command_line('git-revert', clean(incident.id))}`.",
            "To bring the change back, repaired: git revert this commit on a branch of your own.",
        ],
        [f"{name}: {value}" for name, value in trailers.items()],
    ]
    return "\n\n".join("\n".join(lines) for lines in paragraphs) + "\n"


def evidence(incident: Incident) -> list[str]:
    """Return what is recorded of the incident: onset, failure, the deploy that is blamed and how surely."""
    lines = [f"{inert(incident.title)}, since {moment(incident.onset_at)}."]
    blame = incident.decision.blame if incident.decision is not None else None
    if blame is not None and blame.accused is not None and blame.probability is not None:
        name = f"{inert(blame.accused.id)} ({short(blame.accused.code)})"
        sure = f"{show_probability(blame.probability)} (need {blame.need:.2f})"
        lines.append(f"Probability that deploy {name} is to blame: {sure}.")
    elif incident.suspect:
        lines.append(f"Suspect: deploy {inert(incident.suspect)} ({short(incident.suspect_code)}).")
    return lines


def plan_lines(plan: BranchPlan, steps: DatabaseSteps) -> list[str]:
    """Return the plan, for a terminal."""
    changes = plan.undone.changes
    lines = [
        *section("REPOSITORY", f"{clean(plan.where)}, branch {clean(plan.branch)}"),
        *section("HEAD", plan.head),
        *section("STABLE", f"{plan.stable}: its tree is what the branch gets"),
    ]
    if plan.same_tree:
        return [*lines, *section("UNDOES", "nothing: the branch has that tree already")]
    lines += section("UNDOES", f"{commits_undone(plan)}: {commits_named(changes.commits, changes.total)}")
    lines += section("", changes.summary.rpartition("; ")[2]) if changes.files else []
    lines += section("DATABASE", database(plan))
    lines += order_lines(safe_order(plan, steps))
    lines += section("COMMIT", f"one, on top of {short(plan.head)}, pushed without force{_or_proposed(plan)}")
    return lines


def deploy_lines(plan: BranchPlan) -> list[str]:
    """Return what the plan has of the deploy, where it is ordered."""
    now = f"; now it would be refused: {clean(plan.no_deploy)}" if plan.no_deploy else ""
    return section("DEPLOY", f"that commit, by its id, requested once at Render after the push{now}")


def safe_order(plan: BranchPlan, steps: DatabaseSteps, name: str = REVERT) -> tuple[str, ...]:
    """Return the steps around a migration, empty where none is among the commits; `name` is the command's."""
    if not plan.migrates:
        return ()
    again = command_line(name, "INCIDENT", "--with-migrations")
    names = {"suspect": short(plan.head), "target": short(plan.stable), "command": f", then: {again}"}
    names |= steps.words()
    return "Code that is taken back undoes no migration.", *(step.format(**names) for step in SAFE_ORDER)


def database(plan: BranchPlan) -> str:
    """Return what the plan means for the database."""
    found = plan.migrations
    if found.total:
        more = f" and {found.total - 1} more" if found.total > 1 else ""
        return f"a migration is undone in the code, not in the database: {clean(found.files[0])}{more}"
    if found.marked:
        return f"{short(found.marked)} is marked as a migration, which no revert undoes"
    return "no migration is known among them" if found.whole else "not all files could be read: see for yourself"


def _or_proposed(plan: BranchPlan) -> str:
    rules = "; the branch's rules ask for a pull request, so it is proposed if the push is refused"
    return rules if plan.asks_for_pull_request else ""


def commits_undone(plan: BranchPlan) -> str:
    """Return how many commits the plan undoes."""
    merges = plan.undone.merges
    among = f", {many(merges, 'merge')} among them" if merges else ""
    return f"{many(plan.undone.changes.total, 'commit')}{among}"


def go_ahead(plan: BranchPlan, order: RevertOrder, said: str | None) -> str:
    """Return the command that does what the plan says, and nothing else; `said` is who orders it, if that was given."""
    flags = {"--pull-request": order.pull_request, "--deploy": order.deploy}
    by = {"--as": clean(said) if said else None}
    return pasted(REVERT, clean(order.incident), options={**options_of(plan, order), **flags, **by})


def options_of(plan: BranchPlan, order: TakeBackOrder) -> dict[str, str | bool | None]:
    """Return the options of an order that a plan was made for."""
    given = {"--to": order.to, "--branch": order.branch, "--remote": order.remote}
    options = {"--head": plan.head, **{option: clean(value) for option, value in given.items()}}
    return {**options, "--with-migrations": plan.migrates}


def intent(plan: BranchPlan, commit: str) -> str:
    """Return the line of the record before anything is sent."""
    return (
        f"git revert, about to be sent: {clean(plan.branch)} of {clean(plan.where)} from {short(plan.head)} to "
        f"{short(commit)}, which has the tree of {short(plan.stable)} and undoes {commits_undone(plan)}"
    )


def pushed(plan: BranchPlan, commit: str) -> str:
    """Return the line of the record once the branch holds the commit."""
    return f"git revert, done: {clean(plan.branch)} of {clean(plan.where)} is at {commit}"


def proposed(plan: BranchPlan, commit: str, address: str) -> str:
    """Return the line of the record once the commit waits in a pull request."""
    return f"git revert, proposed: {short(commit)} for {clean(plan.branch)}: {clean(address)}"


def outcome(done: Reverted, branch: str, service: str = "") -> list[str]:
    """Return the answer of the command; `service` is named with what came of its deploy."""
    lines = [_outcome(done, branch)]
    return [*lines, deploy_text.outcome(done.deployed, service)] if done.deployed is not None else lines


def _outcome(done: Reverted, branch: str) -> str:
    if not done.commit:
        return f"Nothing to do: {clean(branch)} has that tree already."
    before = " by an earlier run of this command, so nothing was sent now" if done.found else ""
    if done.pull_request:
        return f"{short(done.commit)} is proposed{before}: {clean(done.pull_request)}"
    return f"{clean(branch)} holds the revert {done.commit}{before}."

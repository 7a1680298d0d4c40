"""The words of a reset: the question that says what disappears, the lines of the record, the answer. Pure."""

from watchdog.domain.commands.command_line import command_line, pasted
from watchdog.domain.remedies.git_steps import BranchPlan, TakeBackOrder, WasReset
from watchdog.presentation.git_steps.revert_text import SHAS_MAX, commits_undone, database, options_of, safe_order
from watchdog.presentation.outlooks.safe_order import DatabaseSteps, order_lines
from watchdog.presentation.text import clean, item, section, short

RESET = "git-reset"


def question(plan: BranchPlan, service: str, incident: str, steps: DatabaseSteps) -> list[str]:
    """Return the plan, and which commits disappear: what a person is asked about."""
    changes = plan.undone.changes
    branch, again = clean(plan.branch), command_line("git-revert", clean(incident))
    lines = [
        *section("REPOSITORY", f"{clean(plan.where)}, branch {branch}"),
        *section("HEAD", plan.head),
        *section("STABLE", f"{plan.stable}: the branch is moved back to it"),
    ]
    if plan.head == plan.stable:
        return [*lines, *section("LOST", "nothing: the branch is there already")]
    lines += section("LOST", f"{commits_undone(plan)}: no longer on {branch}, other people's work included")
    for one in changes.commits:
        author = f" ({clean(one.author)})" if one.author else ""
        lines += item(short(one.sha), f"{clean(one.title)}{author}")
    left = changes.total - len(changes.commits)
    lines += item("", f"and {left} more, which were not read") if left > 0 else []
    lines += section("DATABASE", database(plan))
    lines += order_lines(safe_order(plan, steps, RESET))
    keep = f"git push {clean(plan.where)} {plan.head}:refs/heads/kept-{short(plan.head)}"
    lines += section("TO KEEP", f"who has {short(plan.head)} can push it under another name, best before: {keep}")
    lines += section("INSTEAD", f"a revert has the same code, loses no commit and needs no force: {again}")
    lines += section("PUSH", f"by force, only if {branch} is still at {short(plan.head)} then")
    lines += section("APPROVED BY", f"a named person (--as NAME) types the name of the service ({clean(service)})")
    return lines


def go_ahead(plan: BranchPlan, order: TakeBackOrder, said: str | None) -> str:
    """Return the command that does what the plan says, and nothing else; `said` is who orders it, if that was given."""
    by = {"--as": clean(said) if said else "NAME"}
    return pasted(RESET, clean(order.incident), options={**options_of(plan, order), **by})


def intent(plan: BranchPlan) -> str:
    """Return the line of the record before anything is sent: what its author was asked, and agreed to."""
    shas = ", ".join(one.sha[:12] for one in plan.undone.changes.commits[:SHAS_MAX])
    left = plan.undone.changes.total - min(len(plan.undone.changes.commits), SHAS_MAX)
    more = f" and {left} more" if left > 0 else ""
    return (
        f"git reset, approved and about to be sent: {clean(plan.branch)} of {clean(plan.where)} from {plan.head} back "
        f"to {plan.stable}; {commits_undone(plan)} disappear: {shas}{more}"
    )


def done(plan: BranchPlan) -> str:
    """Return the line of the record once the branch is there."""
    return f"git reset, done: {clean(plan.branch)} of {clean(plan.where)} is at {plan.stable}; it was at {plan.head}"


def found(branch: str, stable: str, head: str) -> str:
    """Return the line of the record for a reset that a run which was broken off had made."""
    return f"git reset, found after a run that was broken off: {clean(branch)} is at {stable}; it was at {head}"


def not_made(branch: str, why: str) -> str:
    """Return the line of the record for a reset that was not made."""
    return f"git reset of {clean(branch)}, not made: {clean(why)}"


def moved(plan: BranchPlan) -> str:
    """Return the refusal where someone pushed meanwhile."""
    return (
        f"{clean(plan.branch)} is not at {short(plan.head)} any more, so what was pushed meanwhile would be lost as "
        "well: nothing was changed; look at the plan again"
    )


def closed(plan: BranchPlan, incident: str) -> str:
    """Return the refusal where the branch takes no push by force."""
    instead = command_line("git-revert", clean(incident))
    return (
        f"{clean(plan.where)} refuses a push by force to {clean(plan.branch)}: nothing was changed. Take it back "
        f"without force instead, by a pull request where that is asked for: {instead}"
    )


def outcome(came: WasReset, branch: str) -> str:
    """Return the answer of the command."""
    if not came.lost:
        return f"Nothing to do: {clean(branch)} is at {came.commit} already."
    before = ", by an earlier run of this command: nothing was sent now" if came.found else ""
    return f"{clean(branch)} was moved back to {came.commit}{before}. It was at {came.lost}."

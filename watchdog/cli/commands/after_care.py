"""Commands for what follows an incident in its repository: the fix branch, and the issue with the draft of the
post-mortem. A person orders each, no daemon does.

They run in this process, with the rights of the person who types: the daemon needs none to write code.
"""

from watchdog.cli.commands.git_steps import known_incident, nothing_empty
from watchdog.cli.options import As, Flag, It


async def fix_branch(
    incident: str,
    /,
    *,
    name: str | None = None,
    to: str | None = None,
    branch: str | None = None,
    remote: str | None = None,
    by: As = None,
    ctx: It,
) -> int:
    """Make a branch at the stable commit, to repair the bad change on, and tick that item of the checklist.

    A branch of that name at another commit stays as it is. Run again, it finds the branch that is there.

    Parameters
    ----------
    incident
        Its id, as in web-1 (`watchdog incident list` lists them).
    name
        The name of the branch; by default fix/INCIDENT.
    to
        The stable commit; by default that of the incident's rollback target.
    branch
        The branch that holds it; by default the one that Render deploys.
    remote
        The repository's address; by default the one that Render names.
    by
        The person who orders it, if not you.
    """
    from watchdog.cli import output
    from watchdog.domain.remedies.git_steps import BranchOrder
    from watchdog.presentation.text import clean

    nothing_empty({"--name": name, "--to": to, "--branch": branch, "--remote": remote})
    settings = ctx.settings()
    await known_incident(ctx, incident)
    order = BranchOrder(incident, ctx.author(by), to or "", branch or "", remote or "")
    made = await ctx.app().fix_branch(settings, order, name or f"fix/{incident}", ctx.environ, output.print_error)
    shown, how = clean(made.name), "was there already, at" if made.found else "is made at"
    output.show_lines([f"{shown} {how} {made.commit}. To work on it: git fetch && git switch {shown}"])
    return output.DONE


async def issue(incident: str, /, *, repo: str | None = None, public: Flag = False, by: As = None, ctx: It) -> int:
    """Open an issue on GitHub with the draft of the post-mortem, once; its address is noted on the incident.

    Run again, also after a lost answer, it finds the issue that is there, open or closed.

    Parameters
    ----------
    incident
        Its id, as in web-1 (`watchdog incident list` lists them); it must be closed.
    repo
        The repository, as in acme/web; by default the one that Render names.
    public
        Open it although everyone can read that repository.
    by
        The person who orders it, if not you.
    """
    from watchdog.app.after_care.postmortem_issue import IssueOrder
    from watchdog.cli import output
    from watchdog.cli.commands.post_incident import whole_record
    from watchdog.cli.issue_text import issue_lines, issue_title

    nothing_empty({"--repo": repo})
    settings = ctx.settings()
    facts = await whole_record(ctx, settings, incident)
    title, lines = issue_title(facts), tuple(issue_lines(facts))
    order = IssueOrder(incident, ctx.author(by), title, lines, repo or "", public)
    opened = await ctx.app().open_issue(settings, order, ctx.clock(), output.print_error)
    output.show_lines([f"{'Opened before' if opened.found else 'Opened'}: {opened.address}"])
    return output.DONE

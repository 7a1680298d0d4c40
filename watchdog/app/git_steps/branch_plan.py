"""The plan of an order on a branch: how the branch stands to the stable commit, and what forbids the order."""

from watchdog.domain.code_comparison import MigrationRules, read_migrations
from watchdog.domain.errors import Permanent, Refused
from watchdog.domain.remedies.git_steps import BranchPlan, TakeBackOrder
from watchdog.ports.code_host import CodeHost


async def read_head(host: CodeHost, branch: str) -> str:
    """Return the head of a branch. Raises Permanent where there is no such branch; Temporary."""
    head = await host.head(branch)
    if head is None:
        raise Permanent(f"{host.where} has no branch {branch}")
    return head


async def read_plan(host: CodeHost, branch: str, stable: str, rules: MigrationRules) -> BranchPlan:
    """Return what would be undone now. Raises Temporary or Permanent."""
    head = await read_head(host, branch)
    undone = await host.between(stable, head)
    tree = await host.tree(stable)
    return BranchPlan(
        where=host.where,
        branch=branch,
        head=head,
        stable=stable,
        tree=tree,
        same_tree=tree == await host.tree(head),
        undone=undone,
        migrations=read_migrations(undone.changes, rules),
        asks_for_pull_request=await host.asks_for_pull_requests(branch),
    )


def check_plan(plan: BranchPlan, order: TakeBackOrder) -> None:
    """Raise Refused where the plan is not what was ordered, or cannot be."""
    if order.head and not plan.head.startswith(order.head):
        raise Refused(f"{plan.branch} is at {plan.head} by now, not at {order.head}: look at the plan again")
    if plan.obstacle:
        raise Refused(plan.obstacle)
    if plan.migrates and not plan.same_tree and not order.with_migrations:
        raise Refused("migrations are, or may be, among the commits: see --dry-run, then add --with-migrations")

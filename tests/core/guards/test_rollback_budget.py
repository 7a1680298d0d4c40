"""The budget: what is spent, what counts as one, and what is given back."""

from dataclasses import replace

import pytest

from tests.core.incident_fields import amended
from tests.core.scenes import NOW, a_service, a_state, a_turn, an_incident
from tests.core.world import World, make_policy
from tests.core.worlds import hear, incident_of, put, reach, share, web
from watchdog.core.guards import guards, rollback_budget
from watchdog.domain import events as e
from watchdog.domain.incidents import Act, Phase
from watchdog.domain.policy import ServicePolicy

BAD = "bad00000"


def forbidden(world: World) -> str:
    """Return why the cooldown forbids the world's decided rollback, or ""."""
    return guards.blocked((guards.cooldown,), world.state, world.policy, web(world), world.now)


def test_what_is_spent_is_written_down_for_the_service_and_for_all() -> None:
    """With the code it leads away from."""
    ctx = a_turn(a_service(incident=an_incident(suspect_code=BAD)))
    rollback_budget.spend(ctx)
    assert ctx.service.acted_at == ctx.state.acted_at == (NOW,)
    assert ctx.state.acts == (Act(NOW, "web", BAD),)


def test_what_was_spent_for_nothing_is_given_back_and_nothing_of_others() -> None:
    """Two workers may send in the same moment: only one of the two is struck out."""
    service = a_service(incident=an_incident(requested_at=NOW - 5), acted_at=(NOW - 90_000, NOW - 5))
    acts = (Act(NOW - 5, "shop", BAD), Act(NOW - 5, "web", BAD), Act(NOW - 90_000, "web"))
    ctx = a_turn(service, acted_at=(NOW - 5, NOW - 5, NOW - 4), acts=acts)
    rollback_budget.give_back(ctx)
    assert ctx.service.acted_at == (NOW - 90_000,)
    assert ctx.state.acted_at == (NOW - 5, NOW - 4)
    assert ctx.state.acts == (acts[0], acts[2])
    ctx = a_turn(a_service(incident=an_incident()), acted_at=(NOW - 4,))
    rollback_budget.give_back(ctx)
    assert ctx.state.acted_at == (NOW - 4,), "a rollback that was never asked for"


def test_accounts_that_lack_the_entry_stay_as_they_are() -> None:
    """As those of a restored store: of an earlier rollback nothing is given back."""
    earlier = NOW - 90_000
    service = a_service(incident=an_incident(requested_at=NOW - 5), acted_at=(earlier,))
    ctx = a_turn(service, acted_at=(earlier,), acts=(Act(earlier, "web"),))
    rollback_budget.give_back(ctx)
    assert (ctx.service.acted_at, ctx.state.acted_at, ctx.state.acts) == (
        (earlier,),
        (earlier,),
        (Act(earlier, "web"),),
    )


def test_what_a_worker_with_a_fast_clock_spent_for_nothing_is_given_back_as_well() -> None:
    """The one that takes over clamps the moment of the request, and not the accounts: it is then decided anew.

    Left there, it would begin a cooldown of an hour and more, for a rollback that was never sent.
    """
    world, ahead = reach(Phase.ROLLING_BACK), 3600.0
    sent = world.now + ahead
    put(world, acted_at=(sent,), incident=amended(incident_of(world), requested_at=sent))
    share(world, acted_at=(sent - 1.0, sent), acts=(Act(sent - 1.0, "shop", BAD), Act(sent, "web", BAD)))
    hear(world, e.Restarted(world.now))
    assert forbidden(world) == "cooldown: last rollback by a clock ahead of this one (limit 30 min)"
    hear(world, e.RollbackPostponed(world.now, "web", "web-1", "it was interrupted before it was sent"))
    assert web(world).acted_at == () and world.state.acted_at == (sent - 1.0,)
    assert [act.service for act in world.state.acts] == ["shop"] and forbidden(world) == ""


@pytest.mark.parametrize(
    ("acts", "more_at", "spent"),
    [
        ((), (), 0),
        ((Act(NOW - 60, "shop", BAD),), (), 0),
        ((Act(NOW - 60, "shop", "other000"),), (), 1),
        ((Act(NOW - 60, "shop", None),), (), 1),
        ((Act(NOW - 60, "api", "other000"),), (), 0),
        ((Act(NOW - 60, "shop", "other000"), Act(NOW - 30, "blog", "other000")), (), 1),
        ((Act(NOW - 60, "shop", "other000"), Act(NOW - 30, "blog", "more0000")), (), 2),
        ((Act(NOW - 600, "shop", "other000"),), (), 0),
        ((Act(NOW - 60, "web", "other000"), Act(NOW - 30, "web", BAD)), (), 2),
        ((), (NOW - 60,), 1),
        ((Act(NOW - 60, "shop", BAD),), (NOW - 50,), 1),
    ],
)
def test_the_fleet_counts_groups(acts: tuple[Act, ...], more_at: tuple[float, ...], spent: int) -> None:
    """The same fault in another service is free; the service's own count each; one that nobody knows more of counts."""
    policy = make_policy()
    services = {name: ServicePolicy(name, f"srv-{name}") for name in ("shop", "blog", "api")}
    web = replace(policy.services["web"], depends_on=("api",))
    policy = replace(policy, services={"web": web, **services})
    state = a_state(acted_at=(*(act.at for act in acts), *more_at), acts=acts)
    assert rollback_budget.fleet_spent(state, policy, "web", BAD, NOW) == spent
    struck_out = a_state(acts=acts)
    assert rollback_budget.fleet_spent(struck_out, policy, "web", BAD, NOW) == 0, "an older version knows times only"

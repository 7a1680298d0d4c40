"""Groups: which failures one bad deploy may explain, and when there are too many for that."""

from dataclasses import replace

import pytest

from tests.core.world import START, make_policy
from watchdog.core import groups
from watchdog.domain.incidents import Trouble
from watchdog.domain.policy import Brakes, Policy, ServicePolicy


def fleet(*names: str, brakes: Brakes | None = None, **depends_on: tuple[str, ...]) -> Policy:
    """Return the policy of a fleet; keywords say who depends on whom."""
    services = {name: ServicePolicy(name, f"srv-{name}", depends_on=depends_on.get(name, ())) for name in names}
    return replace(make_policy(), services=services, brakes=brakes or Brakes())


def trouble(service: str, seconds: float = 0.0, code: str | None = None, *, deployed: bool = True) -> Trouble:
    """Return a service that became critical so many seconds after START."""
    return Trouble(service, START + seconds, code, deployed)


def formed(policy: Policy, *members: Trouble) -> list[str]:
    """Return the groups by their names."""
    return [groups.name_group(group) for group in groups.form(policy, members)]


def test_the_same_code_or_a_dependency_makes_a_group() -> None:
    """Either way round, by way of a healthy service, and from member to member."""
    policy = fleet("web", "api", "db", "shop", "blog", "mail", web=("api", "openai"), api=("db",), blog=("openai",))
    assert formed(policy, trouble("web", 0, "bad00000"), trouble("shop", 0, "bad00000")) == [
        "web+shop (commit bad0000)"
    ]
    assert formed(policy, trouble("web"), trouble("db")) == ["web+db"]
    assert formed(policy, trouble("db"), trouble("web")) == ["db+web"]
    assert formed(policy, trouble("web"), trouble("blog")) == ["web", "blog"]
    chain = (trouble("db"), trouble("shop", 0, "bad00000"), trouble("mail"), trouble("web", 0, "bad00000"))
    assert formed(policy, *chain) == ["db+web+shop", "mail"]
    assert formed(policy, trouble("web", 0, "aaaaaaa1"), trouble("shop", 0, "bad00000")) == ["web", "shop"]


def test_nobody_is_in_two_groups_when_one_comes_that_joins_them() -> None:
    """The two become one, in the place of the first."""
    policy = fleet("a", "b", "c", "d", d=("a", "c"))
    assert formed(policy, trouble("a"), trouble("b"), trouble("c"), trouble("d")) == ["a+d+c", "b"]


def test_services_that_depend_on_each_other_in_a_circle_are_looked_through_once() -> None:
    """And a service that nobody configured depends on nothing."""
    policy = fleet("a", "b", a=("b",), b=("a",))
    assert groups.relied_on(policy.services, "a") == {"a", "b"}
    assert groups.relied_on(policy.services, "gone") == frozenset()


def test_what_is_relied_on_is_followed_along_every_branch() -> None:
    """The first branch is not forgotten when the second leads on."""
    policy = fleet("a", "b", "c", "d", "e", a=("b", "c"), b=("d",), c=("e",))
    assert groups.relied_on(policy.services, "a") == {"b", "c", "d", "e"}


def doubtful(why: str) -> groups.Wave:
    """Return a wave that may yet be one deploy's doing."""
    return groups.Wave(why, certain=False)


def certain(why: str) -> groups.Wave:
    """Return a wave that no deploy explains."""
    return groups.Wave(why, certain=True)


A, B, C, D = "aaaaaaa0", "bbbbbbb0", "ccccccc0", "ddddddd0"


@pytest.mark.parametrize(
    ("policy", "others", "wave"),
    [
        (fleet("web"), (), None),
        (fleet("web", "shop"), (), None),
        (fleet("web", "shop"), (trouble("shop", 5, A),), None),
        (
            fleet("web", "shop"),
            (trouble("shop", 5, B),),
            doubtful("2 groups critical within 90 s: web, shop; counted as 2 of 2 services (limit 50%)"),
        ),
        (fleet("web", "shop"), (trouble("shop", 91, B),), None),
        (fleet("web", "shop"), (replace(trouble("shop", 5, B), planned=True),), None),
        (
            fleet("web", "shop"),
            (trouble("shop", -90, B),),
            doubtful("2 groups critical within 90 s: shop, web; counted as 2 of 2 services (limit 50%)"),
        ),
        (fleet("web", "shop"), (trouble("gone", 5, B),), None),
        (fleet("web", "b", "c", "d"), (trouble("b", 5, B),), None),
        (
            fleet("web", "b", "c", "d"),
            (trouble("b", 5, B, deployed=False),),
            doubtful(
                "2 groups critical within 90 s: web, b (no deploy lately, counts double); counted as 3 of 4 services "
                "(limit 50%)"
            ),
        ),
        (fleet("web", "b", "c", "d"), (trouble("b", 5, A, deployed=False),), None),
        (fleet(*"abcdefgh", "web"), (trouble("a", 80, B), trouble("b", -80, C)), None),
        (
            fleet(*"abcdefgh", "web"),
            (trouble("a", 45, B), trouble("b", -45, C), trouble("c", -1000, D)),
            certain("3 groups critical within 90 s: b, web, a (limit 3)"),
        ),
        (
            fleet(*"abcdefgh", "web"),
            (trouble("a", 1, A), trouble("b", 2, B), trouble("c", 90, C)),
            certain("3 groups critical within 90 s: web+a (commit aaaaaaa), b, c (limit 3)"),
        ),
        (fleet("web", "b", "c", brakes=Brakes(groups_max=4, fleet_share=0.9)), (trouble("b", 5, B),), None),
        (
            fleet("web", "b", "c", brakes=Brakes(groups_max=2)),
            (trouble("b", 5, B),),
            certain("2 groups critical within 90 s: web, b (limit 2)"),
        ),
    ],
)
def test_a_wave_is_three_groups_or_two_that_are_most_of_the_fleet(
    policy: Policy, others: tuple[Trouble, ...], wave: groups.Wave | None
) -> None:
    """Within one window that holds our own; one group is never a wave, however large. Of two nobody can be sure."""
    mine = trouble("web", 0, A)
    known = {one.service: one for one in (mine, *others)}
    assert groups.wave(policy, known, mine) == wave


def test_a_certain_wave_counts_more_than_a_doubtful_one_before_it() -> None:
    """Ours is part of two windows: the first holds two groups, the second three."""
    policy = fleet("web", "b", "c", "d", brakes=Brakes(fleet_share=0.4))
    mine, others = trouble("web", 0, A), (trouble("b", -80, B), trouble("c", 20, C), trouble("d", 90, D))
    first = groups.wave(policy, {one.service: one for one in (mine, others[0])}, mine)
    assert first is not None and not first.certain
    both = groups.wave(policy, {one.service: one for one in (mine, *others)}, mine)
    assert both == certain("3 groups critical within 90 s: web, c, d (limit 3)")

"""Groups: which failures one bad deploy may explain, and when there are too many for that."""

from dataclasses import replace

import pytest

from tests.core.world import START, make_policy
from watchdog.core.assess import failure_correlation
from watchdog.domain.incidents import ActiveCritical
from watchdog.domain.policy import Brakes, Policy, ServicePolicy


def fleet(*names: str, brakes: Brakes | None = None, **depends_on: tuple[str, ...]) -> Policy:
    """Return the policy of a fleet; keywords say who depends on whom."""
    services = {name: ServicePolicy(name, f"srv-{name}", depends_on=depends_on.get(name, ())) for name in names}
    return replace(make_policy(), services=services, brakes=brakes or Brakes())


def trouble(service: str, seconds: float = 0.0, code: str | None = None, *, deployed: bool = True) -> ActiveCritical:
    """Return a service that became critical so many seconds after START."""
    return ActiveCritical(service, START + seconds, code, deployed)


def formed(policy: Policy, *members: ActiveCritical) -> list[str]:
    """Return the groups by their names."""
    return [failure_correlation.name_group(group) for group in failure_correlation.form(policy, members)]


def test_the_same_code_or_a_dependency_makes_a_group() -> None:
    """Either way round, by way of a healthy service, and from member to member.

    Two that a third one joins become one, in the place of the first: none is in two groups.
    """
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
    assert formed(fleet("a", "b", "c", "d", d=("a", "c")), *map(trouble, "abcd")) == ["a+d+c", "b"]


def test_what_is_relied_on_is_followed_along_every_branch_and_a_circle_once() -> None:
    """The first branch is not forgotten when the second leads on; who is not configured depends on nothing."""
    circle = fleet("a", "b", a=("b",), b=("a",))
    assert failure_correlation.relied_on(circle.services, "a") == {"a", "b"}
    assert failure_correlation.relied_on(circle.services, "gone") == frozenset()
    tree = fleet("a", "b", "c", "d", "e", a=("b", "c"), b=("d",), c=("e",))
    assert failure_correlation.relied_on(tree.services, "a") == {"b", "c", "d", "e"}


A, B, C, D = "aaaaaaa0", "bbbbbbb0", "ccccccc0", "ddddddd0"
TWO, FOUR, NINE = fleet("web", "shop"), fleet("web", "b", "c", "d"), fleet(*"abcdefgh", "web")
DOUBLE = "web, b (no deploy lately, counts double); counted as 3 of 4 services (limit 50%)"
PATIENT = fleet("web", "b", "c", "d", brakes=Brakes(fleet_share=0.4))
LATE = (trouble("b", -80, B), trouble("c", 20, C), trouble("d", 90, D))


@pytest.mark.parametrize(
    ("policy", "others", "certain", "who"),
    [
        (fleet("web"), (), False, ""),
        (TWO, (), False, ""),
        (TWO, (trouble("shop", 5, A),), False, ""),
        (TWO, (trouble("shop", 5, B),), False, "2: web, shop; counted as 2 of 2 services (limit 50%)"),
        (TWO, (trouble("shop", 91, B),), False, ""),
        (TWO, (replace(trouble("shop", 5, B), planned=True),), False, ""),
        (TWO, (trouble("shop", -90, B),), False, "2: shop, web; counted as 2 of 2 services (limit 50%)"),
        (TWO, (trouble("gone", 5, B),), False, ""),
        (FOUR, (trouble("b", 5, B),), False, ""),
        (FOUR, (trouble("b", 5, B, deployed=False),), False, f"2: {DOUBLE}"),
        (FOUR, (trouble("b", 5, A, deployed=False),), False, ""),
        (NINE, (trouble("a", 80, B), trouble("b", -80, C)), False, ""),
        (NINE, (trouble("a", 45, B), trouble("b", -45, C), trouble("c", -1000, D)), True, "3: b, web, a (limit 3)"),
        (
            NINE,
            (trouble("a", 1, A), trouble("b", 2, B), trouble("c", 90, C)),
            True,
            "3: web+a (commit aaaaaaa), b, c (limit 3)",
        ),
        (fleet("web", "b", "c", brakes=Brakes(groups_max=4, fleet_share=0.9)), (trouble("b", 5, B),), False, ""),
        (fleet("web", "b", "c", brakes=Brakes(groups_max=2)), (trouble("b", 5, B),), True, "2: web, b (limit 2)"),
        (PATIENT, LATE[:1], False, "2: b, web; counted as 2 of 4 services (limit 40%)"),
        pytest.param(PATIENT, LATE, True, "3: web, c, d (limit 3)", id="of two windows the certain one counts"),
    ],
)
def test_a_wave_is_three_groups_or_two_that_are_most_of_the_fleet(
    policy: Policy, others: tuple[ActiveCritical, ...], certain: bool, who: str
) -> None:
    """Within one window that holds our own; one group is never a wave, however large. Of two nobody can be sure."""
    mine = trouble("web", 0, A)
    known = {one.service: one for one in (mine, *others)}
    count, _, names = who.partition(": ")
    wave = failure_correlation.MassFailure(f"{count} failures within 90 s: {names}", certain) if who else None
    assert failure_correlation.mass_failure(policy, known, mine) == wave

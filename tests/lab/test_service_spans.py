"""What serves and what is listed is kept until it changes: whoever looked before, everybody sees the same."""

from hypothesis import given, settings
from hypothesis import strategies as st

from watchdog.lab.keyed_random import KeyedRandom
from watchdog.lab.profile import draw_profile
from watchdog.lab.simulated_service import Release, Service

times = st.integers(0, 40).map(float)


def a_service(begun: list[float]) -> Service:
    """Return a service with a deploy begun at each moment: built, updated, serving and live in 2 s each."""
    chance = KeyedRandom("spans")
    service = Service("web", draw_profile(chance.generator("profile")), chance)
    for number, at in enumerate(begun):
        service.release(Release(f"dep-{number}", f"c0ffee{number}", at, at + 2.0, at + 4.0, at + 6.0))
    return service


@settings(max_examples=200, deadline=None)
@given(st.lists(times, min_size=1, max_size=6), st.lists(st.tuples(times, st.booleans()), max_size=12))
def test_who_looked_before_changes_nothing(begun: list[float], looks: list[tuple[float, bool]]) -> None:
    """Forwards, backwards, at the very moment of a change, and after a deploy that came in between."""
    service = a_service(begun)
    for at, ships in looks:
        if ships:
            begun = [*begun, at]
            name = f"dep-{len(begun) - 1}", f"c0ffee{len(begun) - 1}"
            service.release(Release(*name, at, at + 2.0, at + 4.0, at + 6.0))
        fresh = a_service(begun)
        assert (service.serving(at), service.listed(at)) == (fresh.serving(at), fresh.listed(at))
        served = [one for one in service.releases if one.serves_at <= at]
        assert service.serving(at).serves_at == max((one.serves_at for one in served), default=begun[0] + 4.0)
        assert [one.id for one in service.listed(at)] == [
            one.id for one in reversed(service.releases) if one.created_at <= at
        ]
        assert sum(one.is_live for one in service.listed(at)) == any(one.live_at <= at for one in service.releases)

"""The soak: a short one here; `watchdog lab soak` runs a virtual day of a hundred services."""

from watchdog.app.soak import Look, SoakResult, soak


def test_case_08_a_daemon_is_flat_over_virtual_hours() -> None:
    """Twelve services with outages, three hours: they are told, and neither memory nor tasks grow."""
    heard: list[Look] = []
    result = soak(3, 12, seed=1, told=heard.append)
    assert heard == list(result.looks) and len(heard) == 3
    assert result.reads > 3 * 360 * 24
    assert result.notices >= 2
    assert result.flat, result


def test_growth_is_seen() -> None:
    """Judged by the worst hour, not by the last."""

    def grown(mib: float, tasks: int, errors: int = 0) -> SoakResult:
        looks = (Look(1, 50.0, 20), Look(2, 50.0 + mib, 20 + tasks), Look(3, 50.0, 20))
        return SoakResult(1, 3, 1, 1, errors, looks, 1.0)

    assert grown(4.9, -2).flat
    assert not grown(5.1, 0).flat and not grown(0.0, 3).flat and not grown(0.0, -3).flat and not grown(0.0, 0, 1).flat

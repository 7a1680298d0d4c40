"""A long piece of work says how far it is."""

from watchdog.app.commands.progress import no_progress, with_progress


def test_it_says_how_far_it_is_and_how_long_the_rest_takes() -> None:
    """At the mean pace so far; not more often than once a second, and always at the end."""
    said: list[str] = []
    times = iter([0.0, 10.0, 10.5, 30.0, 40.0])
    played = list(with_progress("abcd", "months", 4, said.append, lambda: next(times)))
    assert played == list("abcd")
    assert said == ["months 1 of 4, about 30 s left", "months 3 of 4, about 10 s left", "months 4 of 4"]


def test_nobody_need_listen() -> None:
    assert list(with_progress([], "months", 0, no_progress)) == []

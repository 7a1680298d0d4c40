"""The demo's screen on a pipe and on a terminal."""

import io

from rich.console import Console

from tests.cli import examples as x
from tests.cli.test_demo_text import good_result
from watchdog.cli.demo_screen import DemoScreen
from watchdog.domain.readings import Bad, Good

PIPED = """\
watchdog demo: bad-deploy. The real daemon, a simulated cloud on 127.0.0.1.
No account; nothing leaves this machine.
Shipped defaults, except: verification 180 s -> 30 s.

 00:04  DEPLOY     dep-42 is live on web
 00:10  SUSPECT    HTTP 503; probe every 1 s

 SIGNAL         NOW                           LAST 60 s
 web/home       BAD      HTTP 503, 4 ms       ▂✗
 control        GOOD     2 of 2 answer        ▂

 00:48  CRITICAL   39 of 39 probes failed for 38 s (limit 38 s)

 RESULT: AS EXPECTED                          target
"""


def play(screen: DemoScreen) -> None:
    screen.begin("bad-deploy", ["verification 180 s -> 30 s"], x.BEGIN)
    screen.signal("web", "home", Good(), 0.02, x.BEGIN + 7)
    screen.signal("", "control", Good("2 of 2 answer"), None, x.BEGIN + 10)
    screen.signal("web", "home", Bad("HTTP 503"), 0.004, x.BEGIN + 10)
    screen.world(x.BEGIN + 4, "DEPLOY", "dep-42 is live on web")
    screen.note(x.NOTES[0])
    screen.note(x.NOTES[1])


def test_a_pipe_gets_plain_lines() -> None:
    """Lines come as things happen, the signals at the decision, and no control character at all."""
    page = io.StringIO()
    with DemoScreen(Console(file=page, highlight=False)) as screen:
        play(screen)
        screen.result(good_result())
    shown = page.getvalue()
    assert [line.split() for line in shown.splitlines()[:14]] == [line.split() for line in PIPED.splitlines()[:14]]
    assert " RESULT: AS EXPECTED" in shown and all(line.isprintable() for line in shown.splitlines())


def test_a_rollback_that_is_live_has_the_label_of_the_timeline() -> None:
    """Its stored name says more than is known then; on a terminal the label shown is what is bold."""
    (live,) = [one for one in x.NOTES if one.label == "RESTORED"]
    piped, drawn = io.StringIO(), io.StringIO()
    for console in (Console(file=piped), Console(file=drawn, force_terminal=True, width=100, color_system="standard")):
        with DemoScreen(console) as screen:
            play(screen)
            screen.note(live)
    assert " 00:57  LIVE       dep-43 live; verifying" in piped.getvalue()
    assert "\x1b[1mLIVE\x1b[0m" in drawn.getvalue() and "RESTORED" not in piped.getvalue() + drawn.getvalue()


def test_a_terminal_is_live_and_keeps_the_whole_story() -> None:
    """The screen is redrawn while it runs; at the end header, signals, notes and result stand once."""
    page = io.StringIO()
    console = Console(file=page, force_terminal=True, width=100, height=30, color_system="standard")
    with DemoScreen(console) as screen:
        play(screen)
        assert "\x1b[" in page.getvalue()
        screen.result(good_result())
    last = page.getvalue().split("\x1b[2K")[-1]
    for piece in ("watchdog demo: bad-deploy", "LAST 60 s", "00:48", "39 of 39 probes failed", "Writes to Render"):
        assert last.count(piece) == 1, piece


def test_a_small_terminal_shows_the_newest_notes() -> None:
    page = io.StringIO()
    console = Console(file=page, force_terminal=True, width=60, height=12, color_system=None)
    with DemoScreen(console) as screen:
        screen.begin("bad-deploy", [], x.BEGIN)
        for second in range(50):
            screen.note(x.note(second, "ACT", f"line {second} " + "long " * 30))
        picture = page.getvalue().split("\x1b[2K")[-1]
    assert "line 49" in picture and "line 10" not in picture


def test_an_interrupted_demo_gives_the_terminal_back() -> None:
    """Leaving the screen without a result stops being live and shows the cursor again."""
    page = io.StringIO()
    with DemoScreen(Console(file=page, force_terminal=True)) as screen:
        play(screen)
    assert page.getvalue().count("\x1b[?25h") == page.getvalue().count("\x1b[?25l") == 1


def test_a_console_without_blocks_gets_letters() -> None:
    """An ASCII console is never sent what it cannot show."""
    raw = io.BytesIO()
    page = io.TextIOWrapper(raw, encoding="ascii", errors="strict")
    with DemoScreen(Console(file=page)) as screen:
        play(screen)
        screen.result(good_result())
        page.flush()
    assert b"_x" in raw.getvalue()

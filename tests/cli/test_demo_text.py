"""What the demo's screen says."""

from dataclasses import replace

import pytest

from tests.cli import examples as x
from watchdog.cli import demo_text
from watchdog.domain.readings import Bad, Good, Reading, Unknown
from watchdog.domain.reports import DemoConsole, DemoResult

SUMMARY = """\
 RESULT: AS EXPECTED                          target
   severity                        critical
   onset -> decision               38 s
   onset -> rollback requested     39 s       75 s
   onset -> restored               47 s       5 min
   rolled back to                  dep-40     dep-40
   rollbacks / pages               1 / 1      1 / 1
   Writes to Render: PATCH service 1, POST rollback 1
   Left for you: auto-deploy is off until a new commit.

 When it must NOT act:  watchdog demo --scenario upstream-outage
 Why this one:          watchdog explain web-1
 In your browser:       watchdog demo --console
 Your site, read-only:  watchdog init --from-render
"""

QUIET = """\
 RESULT: NOT AS EXPECTED                      target
   severity                        none
   onset -> restored               never      5 min
   rolled back to                  nothing    nothing
   rollbacks / pages               0 / 0      0 / any
   Writes to Render: none
   It says: would roll back to dep-40
   Not as expected: nobody was paged

 When it must act:      watchdog demo
 In your browser:       watchdog demo --console
 Your site, read-only:  watchdog init --from-render
"""


def good_result() -> DemoResult:
    whole = DemoResult("bad-deploy", "critical", 38.2, 39.1, 47.0, "dep-40", "dep-40", 1, 1, True, as_expected=True)
    whole = replace(whole, rollback_request_target_seconds=75, restored_target_seconds=300, expected_rollbacks=1)
    writes, left = ("PATCH service 1", "POST rollback 1"), ("auto-deploy is off until a new commit.",)
    return replace(whole, expected_pages=1, incident="web-1", writes=writes, left=left)


@pytest.mark.parametrize(
    ("points", "drawn"),
    [
        ([(100.0, Good(), 0.02)], "▂"),
        ([(94.0, Good(), 0.005), (97.0, Good(), 0.3), (100.0, Good(), 9.0)], "▁▄▇"),
        ([(99.0, Bad("HTTP 503"), 0.1), (100.0, Good(), 0.1)], "✗"),
        ([(91.0, Unknown("late"), None), (100.0, Good(), None)], "?  ▂"),
        ([(30.0, Bad("old"), None)], ""),
    ],
)
def test_sparklines(points: list[tuple[float, Reading, float | None]], drawn: str) -> None:
    """Three seconds a cell, the worst reading of each; what is older than a minute is gone."""
    assert demo_text.sparkline(points, 100.0) == drawn


def test_the_table_of_signals() -> None:
    points = [(97.0, Good(), 0.02), (100.0, Bad("HTTP 503"), 0.004)]
    unknown = [(100.0, Unknown("newest full minute predates onset"), None)]
    rows = [demo_text.signal_line("web/home", points, 100.0), demo_text.signal_line("web/errors", unknown, 100.0)]
    assert demo_text.signal_lines(rows) == [
        " SIGNAL         NOW                                         LAST 60 s",
        " web/home       BAD      HTTP 503, 4 ms                     ▂✗",
        " web/errors     UNKNOWN  newest full minute predates onset",
    ]


def test_notes_and_the_head() -> None:
    """Minutes and seconds, label, text, no control characters; what is not as shipped is said first."""
    assert (
        demo_text.note_line(demo_text.Line(x.BEGIN + 74, "SUSPECT", "HTTP 503\x1b[2J"), x.BEGIN)
        == " 01:14  SUSPECT    HTTP 503[2J"
    )
    except_for = demo_text.head_lines("blind", ["verification 180 s -> 30 s", "rollback takes 8 s"])[2]
    assert except_for == "Shipped defaults, except: verification 180 s -> 30 s, rollback takes 8 s."
    assert demo_text.head_lines("blind", [])[2] == "Shipped defaults."


def test_how_to_open_the_console_fits_into_80_columns() -> None:
    """With the longest port; the header names it once, the end again, with the Enter key where there is one."""
    url = "http://127.0.0.1:65535"
    console = DemoConsole(url, "a" * 32, lambda: f"{url}/enter/{'b' * 16}", f"{url}/status/shop")
    lines = demo_text.console_lines(console)
    assert max(map(len, lines)) < 79 and console.token in lines[2] and console.new_link() in lines[1]
    assert demo_text.head_lines("assist", [], console)[-len(lines) :] == lines
    assert demo_text.stay_lines(console, enter=False) == ["", *(f" {line}" for line in lines)]
    assert "Enter" in demo_text.stay_lines(console, enter=True)[-1]


def test_the_summary() -> None:
    """Values stand beside their targets; writes, what is left and the next steps follow."""
    assert "\n".join(demo_text.result_lines(good_result())) + "\n" == SUMMARY
    told = demo_text.result_lines(good_result(), typed=".venv/bin/watchdog")
    assert told[-4:] == [line.replace(" watchdog ", " .venv/bin/watchdog ") for line in SUMMARY.splitlines()[-4:]]
    nothing = DemoResult("upstream-outage", None, None, None, None, None, None, 0, 0, False, as_expected=False)
    result = replace(nothing, restored_target_seconds=300, expected_rollbacks=0, would="would roll back to dep-40")
    told = demo_text.result_lines(replace(result, deviations=("nobody was paged",)))
    assert "\n".join(told) + "\n" == QUIET
    told = demo_text.result_lines(replace(good_result(), as_expected=False, deviations=("x",), took_part=True))
    assert told[0].startswith(" RESULT: NOT COMPARED, you took part") and not any("Not as" in line for line in told)

"""The report of the decision lab: one page that explains itself, and the same as Markdown and JSON.

`content` gathers what is shown (`bars`, `delays`, `cost_chart`, `outcomes`), `sections` puts it in order and in words,
`page` and `markdown` render it, `files` writes it; plots are drawn by `plot_*` with the few shapes of `svg`.
"""

from watchdog.lab.report.content import Report
from watchdog.lab.report.files import write

__all__ = ["Report", "write"]

"""The commands, from the command line's own help."""

import re

from tests.handbook.reference.markdown import page
from watchdog.cli.main import app

ABOUT = """\
Each command takes `--config FILE` (`-c`): the configuration; else `./watchdog.yaml`, else the text in
`WATCHDOG_CONFIG_YAML`; and `--utc`: show times in UTC, not in the local time zone (`TZ`). JSON, Markdown and CSV are
always in UTC. `watchdog COMMAND --help` prints the same in the terminal.

Exit codes: 0 done, 1 failed, 2 configuration or usage, 3 refused by a guard, 130 interrupted."""
SHARED = re.compile(r"\* `--(?:config, -c PATH|utc)`: [^\n]*\n")
"""Options of every command, said once above."""
GROUP = re.compile(r"\n\*\*[^*]+\*\*:\n\n\* \[`")
"""The first of the lists of commands; the table of contents has none."""
EMPTY = re.compile(r"\*\*Parameters\*\*:\n\n(?=#|\Z|\n)")


def text() -> str:
    """Return the page: every command that is not hidden, in the order of the help."""
    made = app.generate_docs(output_format="markdown", usage_name="watchdog")
    made = re.sub(r" -m [\w.]+(?= |\n)", "", made)  # how this process was started stands in its usage lines
    first = made.index("\n## watchdog ")
    body = made[first:]
    body = EMPTY.sub("", SHARED.sub("", body)).replace("```console", "```text")
    body = re.sub(r"\n{3,}", "\n\n", "\n".join(line.rstrip() for line in body.splitlines()))
    groups = GROUP.search(made)
    overview = made[groups.start() : first] if groups else ""
    return page("Reference: commands", ABOUT, "the command line", overview, body)

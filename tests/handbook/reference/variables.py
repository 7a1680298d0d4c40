"""The variables of the environment, from `watchdog/settings/load/secrets.py`."""

from tests.handbook.reference.markdown import code, first_upper, page, table
from watchdog.settings.load.secrets import VARIABLES

ABOUT = """\
Secrets live only in the environment, or in a file `.env` beside the configuration; the configuration holds none of
them. A variable that is set but empty counts as unset. `watchdog check` names each one that the configuration needs and
that is missing, and each unknown `WATCHDOG_*` variable."""


def text() -> str:
    rows = [(code(one.name), first_upper(one.needed_for), first_upper(one.least)) for one in VARIABLES]
    return page(
        "Reference: variables of the environment",
        ABOUT,
        "watchdog/settings/load/secrets.py",
        table(("Variable", "Needed for", "The least it needs"), rows),
    )

"""Would it have acted rightly? Recordings, played in autonomous mode, against what people did and what became of it.

diary.py     what a replay tells of each service    undone.py    which deploys a human undid
rules.py     how an act is judged                   verdicts.py  what is said of it
missed.py    what a human undid, and we would not   criteria.py  what it takes to be let act
assess.py    all of it together
"""

from watchdog.lab.readiness.assess import Readiness, assess
from watchdog.lab.readiness.criteria import Criterion, Outlook
from watchdog.lab.readiness.missed import Missed
from watchdog.lab.readiness.verdicts import Judged, Labelled, Verdict

__all__ = ["Criterion", "Judged", "Labelled", "Missed", "Outlook", "Readiness", "Verdict", "assess"]

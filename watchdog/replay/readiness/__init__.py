"""Would it have acted rightly? Recordings, replayed in autonomous mode, against what people did and what became of it.

service_history.py   what a replay shows of each service: watched spans, deploys, outages
undone_deploys.py    which deploys people rolled back or replaced
judgement_rules.py   how a rollback is judged; verdicts.py how the verdict is said
missed_rollbacks.py  what people undid and the replay would not have
criteria.py          what it takes to be allowed to act; assessment.py all of it together
"""

from watchdog.replay.readiness.assessment import Readiness, assess
from watchdog.replay.readiness.criteria import Criterion, Outlook
from watchdog.replay.readiness.missed_rollbacks import Missed
from watchdog.replay.readiness.verdicts import Judged, Labelled, Verdict

__all__ = ["Criterion", "Judged", "Labelled", "Missed", "Outlook", "Readiness", "Verdict", "assess"]

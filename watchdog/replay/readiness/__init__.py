"""Readiness for autonomous mode: recordings replayed in that mode and compared with humans' rollbacks and recoveries.

service_history.py   the history of each service in a replay: watched spans, deploys, outages
undone_deploys.py    the deploys that people rolled back or replaced
judgement_rules.py   the rules that judge a rollback; verdicts.py their result
missed_rollbacks.py  the human rollbacks that the replay would not have made
criteria.py          the criteria for letting it act; assessment.py the whole assessment
"""

from watchdog.replay.readiness.assessment import Readiness, assess
from watchdog.replay.readiness.criteria import ActTally, Criterion
from watchdog.replay.readiness.missed_rollbacks import Missed
from watchdog.replay.readiness.verdicts import Judged, Labelled, ReadinessVerdict

__all__ = ["ActTally", "Criterion", "Judged", "Labelled", "Missed", "Readiness", "ReadinessVerdict", "assess"]

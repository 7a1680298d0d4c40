"""Whether people heard of a question: without that, nothing is ever done in place of their answer.

Rule: a channel has it when it said so itself; what a process prints, or a ticket, is nobody's call.
"""

from watchdog.daemon.outbox.outbox import PASSIVE_CHANNELS
from watchdog.domain.events import QuestionHeard
from watchdog.domain.notices import Notice, NoticeKind

ARRIVED = ("sent", "partly")
TELLS_OF_IT = (NoticeKind.ASKED, NoticeKind.HUMAN_NEEDED)
"""While a question is open, notices of these kinds say what is asked, and what is done without an answer."""


def heard(channel: str, outcome: str, notice: Notice, now: float) -> QuestionHeard | None:
    """Return what an attempt to bring a notice (see Outbox) means for an open question; None if nothing."""
    if channel in PASSIVE_CHANNELS or outcome not in ARRIVED or notice.kind not in TELLS_OF_IT:
        return None
    return QuestionHeard(now, notice.service, notice.incident, notice.at)

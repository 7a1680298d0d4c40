"""Records that a question reached people: without that, no action is taken when its deadline passes.

Rule: a channel has it when its send succeeded; console and ticket channels never count as delivery.
"""

from watchdog.daemon.outbox.delivery import PASSIVE_CHANNELS
from watchdog.domain.events import QuestionDelivered
from watchdog.domain.notices import Notice, NoticeKind
from watchdog.presentation.notices.notice_text import WITHOUT_PLAN

ARRIVED = ("sent", "partly")
TELLS_OF_IT = (NoticeKind.ASKED, NoticeKind.HUMAN_NEEDED)
"""Notices of these kinds state the open question, and the action taken without an answer; but for WITHOUT_PLAN."""


def receipt_of(channel: str, outcome: str, notice: Notice, now: float) -> QuestionDelivered | None:
    """Return the receipt of a question if this attempt delivered it, else None."""
    if channel in PASSIVE_CHANNELS or outcome not in ARRIVED or notice.kind not in TELLS_OF_IT:
        return None
    # A channel may refuse the question for good, and take a later page of the incident about another event.
    if notice.about is not None and notice.about.topic in WITHOUT_PLAN:
        return None
    # With the time of the notice, so that the receipt of an older question starts no newer deadline.
    return QuestionDelivered(now, notice.service, notice.incident, notice.at)

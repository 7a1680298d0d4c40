"""The facts of a notice with the moment and the time zone it is read in: what its lines are made of."""

from dataclasses import dataclass
from datetime import tzinfo

from watchdog.domain.incidents import Incident
from watchdog.domain.notices import AnswerTerms, IncidentNews
from watchdog.domain.units import show_seconds
from watchdog.presentation.notices.headlines import time_of_day
from watchdog.presentation.outlook import Outlook, answer_due_at, outlook
from watchdog.presentation.outlooks.current_state import CurrentState, blames_code


def state_of_news(news: IncidentNews) -> CurrentState:
    """Return the state around the incident at the decision to send."""
    denied = news.denied and blames_code(news.incident)
    return CurrentState(news.auto_deploy_off, watched=True, denied=denied, stopped=news.stopped, disarmed=news.disarmed)


@dataclass(frozen=True, slots=True)
class NoticeCase:
    """The facts of one notice. `at` is the decision to send it (UTC epoch seconds); `tz` is the reader's zone."""

    news: IncidentNews
    at: float
    tz: tzinfo

    @property
    def incident(self) -> Incident:
        """Return the incident as it stood at the decision."""
        return self.news.incident

    @property
    def terms(self) -> AnswerTerms:
        """Return the terms of the question; empty without one."""
        return self.news.terms or AnswerTerms()

    @property
    def outlook(self) -> Outlook:
        """Return what happens next."""
        return outlook(self.incident, self.at, self.tz, state_of_news(self.news))

    @property
    def due_at(self) -> float | None:
        """Return when the question's default is carried out, at the earliest; None without one, or once it was."""
        return answer_due_at(self.incident)

    def clock(self, moment: float) -> str:
        """Return a moment (UTC epoch seconds) as a time of day."""
        return time_of_day(moment, self.at, self.tz)

    def lasted(self, since: float | None) -> str:
        """Return the time from that moment to the decision, in words."""
        return show_seconds(max(0.0, self.at - (since if since is not None else self.at)))

"""Alerts of their own, outside incidents: whether one may still be open, by the state that another worker saved.

A page that was sent from memory is in no state but that of its worker. Once another worker has the service, its record
says whether the matter of the page is over. In doubt it is not: the page stays.
"""

from watchdog.core.fold.deploy_lists import auto_deploy_is_on
from watchdog.core.phases import restore_auto_deploy
from watchdog.domain.incidents import State


def may_be_open(state: State, name: str, about: str, since: float) -> bool:
    """Return whether the alert `about` of a service may be open, by a deploy list that was read after `since`."""
    service = state.services.get(name)
    if service is None or service.deploys_why or service.deploys_at is None or service.deploys_at <= since:
        return True
    # The worker that has it in its record ends it.
    beside = [thread for thread, _ in service.record_gap_notices]
    if about in (service.auto_deploy_notice_thread, *service.returned, *beside):
        return True
    if restore_auto_deploy.is_thread(about):
        return not auto_deploy_is_on(service)
    deploy = next((one for one in service.deploys if one.id == about), None)
    return deploy is not None and deploy.code in state.denied and (deploy.is_live or deploy.in_progress)

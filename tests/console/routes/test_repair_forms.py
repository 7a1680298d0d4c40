"""What a rollback leaves behind is put right by a click: a deny-listed commit, and auto-deploy that is off."""

from dataclasses import replace

from tests.console.desk_scene import office
from tests.console.scene import OPERATOR

CODE = "9f3c2abd4e5f60718293"
SERVICE = "/services/web"


async def test_a_deny_listed_commit_is_trusted_where_the_deny_list_is_shown() -> None:
    """On the overview, by an approver alone; afterwards neither the line nor the button is there."""
    async with office() as o:
        o.s.engine.state = replace(o.s.engine.state, denied=(CODE,))
        await o.login(OPERATOR)
        text = await o.page("/")
        assert "Deny-listed: 9f3c2ab" in text and "/trust" not in text
        await o.login(name="Ann")
        assert "Trust 9f3c2ab" in await o.page("/")
        await o.send("/", "/trust", commit=CODE)
        assert o.s.engine.state.denied == () and (await o.asked()).by == "token:Ann (approver)" and (await o.asked()).ok


async def test_auto_deploy_is_restored_on_the_page_of_its_service() -> None:
    """The command of the command line, with its answer."""
    async with office() as o:
        web = replace(o.s.web, auto_deploy_off="commit")
        o.s.engine.state = replace(o.s.engine.state, services={"web": web})
        await o.login(name="Ann")
        await o.send(SERVICE, f"{SERVICE}/restore-auto-deploy")
        command = await o.asked()
        assert (command.name, command.by, command.ok) == ("restore-auto-deploy", "token:Ann (approver)", True)

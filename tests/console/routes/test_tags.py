"""Tags: the overview's headings and filter, in page and API."""

import re
from dataclasses import replace

from tests.console.scene import policy_of, service_policy, story, visited


async def test_services_stand_under_their_first_tag_and_are_filtered_by_any() -> None:
    """The group with the worst service first, the untagged last of those alike; no filter hides an incident."""
    tags = {"web": ("shop", "eu"), "api": ("checkout", "eu"), "docs": ("checkout",), "blog": ()}
    _, state, _ = story()
    known = replace(state, services={**state.services, "blog": replace(state.services["web"], name="blog")})
    policy = policy_of(*(replace(service_policy(name), tags=mine) for name, mine in tags.items()))
    async with visited(policy, known) as one:
        text, filtered = await one.page("/"), await one.page("/?tag=shop")
        nothing = await one.page("/?tag=%3Cb%3E")
        some = await one.json("/services?tag=eu")
    order = re.findall(r'<th colspan.*?(checkout|shop|Without a tag).*?<small>(\d)|row"><a href="/services/(\w+)', text)
    assert ["".join(found) for found in order] == ["checkout2", "api", "docs", "shop1", "web", "Without a tag1", "blog"]
    assert 'href="/services/web"' in filtered and 'row"><a href="/services/api"' not in filtered
    assert "/incidents/api-7" in filtered and "No service has the tag &lt;b&gt;" in nothing
    assert [(row["name"], row["tags"]) for row in some["services"]] == [
        ("api", ["checkout", "eu"]),
        ("web", ["shop", "eu"]),
    ]
    assert [card["id"] for card in some["open"]] == ["api-7"]

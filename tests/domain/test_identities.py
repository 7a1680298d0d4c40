"""Under which names people answer, and by which way."""

import pytest

from watchdog.domain.identities import identity, meant, read, recorded


@pytest.mark.parametrize(
    ("text", "stands_for"),
    [
        ("U0AAA", ("slack:U0AAA",)),
        ("W0123456789", ("slack:W0123456789",)),
        ("slack:U0AAA", ("slack:U0AAA",)),
        ("lead", ("token:lead", "terminal:lead")),
        ("Ann Smith", ("token:Ann Smith", "terminal:Ann Smith")),
        ("u0aaa", ("token:u0aaa", "terminal:u0aaa")),
        ("console:lead", ("token:lead",)),
        ("token:lead", ("token:lead",)),
        ("oidc:lead", ("oidc:lead",)),
        ("proxy:lead", ("proxy:lead",)),
        ("terminal:U0AAA", ("terminal:U0AAA",)),
        ("é", ("token:é", "terminal:é")),
        ("oidc:" + "x" * 120, ("oidc:" + "x" * 120,)),
    ],
)
def test_a_word_stands_for_a_member_id_or_for_a_name(text: str, stands_for: tuple[str, ...]) -> None:
    """A member id counts in Slack alone; a name never there."""
    assert meant(text) == stands_for


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "slack:lead",
        "slack:",
        "pager:lead",
        ":lead",
        "console:",
        "said:lead",
        "a:b:c",
        " lead",
        "lead ",
        "x" * 121,
    ],
)
def test_what_is_no_identity_is_said_with_what_to_write(text: str) -> None:
    """A mistake here would leave a question that nobody may answer."""
    with pytest.raises(ValueError, match="not an identity: write U0AAA"):
        meant(text)


@pytest.mark.parametrize("text", ["lead", "console:lead"])
def test_a_typed_name_counts_only_where_none_is_proven(text: str) -> None:
    """A terminal's user stays; `token:` says that the typed name is meant all the same."""
    assert set(meant(text, names_are_proven=True)) - {"terminal:lead"} == {"oidc:lead", "proxy:lead"}
    assert meant("token:lead", names_are_proven=True) == ("token:lead",)


def test_the_way_stands_first_whatever_the_name_says() -> None:
    """No name can claim another way, nor a role in the brackets, which are ours; without one there is no identity."""
    assert identity("token", "") == "", "nor an approver"
    assert identity("token", "slack:U0AAA") == "token:slack:U0AAA", "still only a name"
    assert recorded("said", "ann (oidc: approver)", "terminal:bob") == "said:ann [oidc: approver] (terminal:bob)"
    assert recorded("said", "oidc:ann") == "said:oidc:ann"
    assert recorded("token", "", "viewer") == "token (viewer)"


def test_the_console_of_the_version_before_is_read_where_it_can_be() -> None:
    """It named one way for all, which is a token's where nothing else lets people in."""
    assert read("console:lead", names_are_proven=False) == "token:lead"
    for one in ("console:lead", "oidc:lead", "slack:U0AAA", ""):
        assert read(one, names_are_proven=True) == one

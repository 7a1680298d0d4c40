"""Which addresses may be connected to, as tables."""

import pytest

from watchdog.adapters.ssrf_guard import AddressGuard, Reach, as_address, is_loopback, reach_of

PRIVATE = "leads to the private address {}: if that is intended, list the host under private_hosts"


FORMS = [
    (Reach.PUBLIC, "1.1.1.1 2606:4700::1111 2a00:1450:4001::1"),
    (Reach.PUBLIC, "::ffff:1.1.1.1 64:ff9b::101:101 2002:101:101::1"),  # 1.1.1.1 mapped, by NAT64, by 6to4
    (Reach.PRIVATE, "127.0.0.1 ::1 0.0.0.0 ::"),  # this machine
    (Reach.PRIVATE, "10.0.0.1 172.16.0.1 192.168.1.1 100.64.0.1 198.18.0.1 192.0.0.8 fd12:3456::1"),
    (Reach.PRIVATE, "224.0.0.1 255.255.255.255 ff02::1"),  # to many
    (Reach.PRIVATE, "::ffff:10.0.0.1 ::10.0.0.1 2002:a00:1::1 64:ff9b::a00:1"),  # 10.0.0.1 mapped, by 6to4, by NAT64
    (Reach.PRIVATE, "2002:c0a8:101::1 2001:0:1::f5ff:fffe"),  # 6to4 of 192.168.1.1, Teredo of 10.0.0.1
    (Reach.PRIVATE, "64:ff9b:1::a00:1 64:ff9b:1::101:101"),  # a network's own NAT64, wherever it leads
    (Reach.PRIVATE, "::ffff:0:a00:1 ::ffff:0:101:101 ::1.1.1.1"),  # IPv4-translated (SIIT), IPv4-compatible
    (Reach.PRIVATE, "fec0::1 feff:ffff::1 100::1 100:0:0:1::1 5f00::1"),  # site-local, discarded, segment routing
    (Reach.PRIVATE, "4000::1 2001:db8::1 3fff::1"),  # nobody's, and for examples
    (Reach.NEVER, "169.254.169.254 ::ffff:169.254.169.254 64:ff9b::a9fe:a9fe 64:ff9b:1::a9fe:a9fe"),
    (Reach.NEVER, "::ffff:0:a9fe:a9fe ::169.254.169.254 2002:a9fe:a9fe::1 2001:0:1::5601:5601"),  # and by Teredo
    (Reach.NEVER, "fe80::1 fe80::1%eth0 fd00:ec2::254"),
]


@pytest.mark.parametrize(("reach", "address"), [(reach, one) for reach, forms in FORMS for one in forms.split()])
def test_every_form_of_an_address_is_seen_through(reach: Reach, address: str) -> None:
    assert reach_of(address) is reach


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "LOCALHOST", "[::1]", "10.0.0.1", "acme-api", "Acme-API."])
def test_what_a_human_named_may_be_private(host: str) -> None:
    address = as_address(host) or "10.0.0.1"
    assert AddressGuard(["acme-api"]).refusal(host, [address]) == ""
    redirected = AddressGuard(["acme-api"]).refusal(host, [address], redirected=True)
    assert redirected == "redirected into a private network: not followed"


@pytest.mark.parametrize(
    ("host", "address"),
    [
        ("acme.example", "10.0.0.1"),
        *((f"{name}.evil.example", "127.0.0.1") for name in ("localhost", "acme-api")),
        *((host, "127.0.0.1") for host in ("localhost.", "keys.localhost", "0x7f.1", "2130706433")),
        ("LOCALHOST..", "::1"),
        ("[::ffff:10.0.0.1]", "::ffff:10.0.0.1"),
        ("64:ff9b::a00:1", "64:ff9b::a00:1"),
        ("[::ffff:0:a00:1]", "::ffff:0:a00:1"),
        ("acme.example", "fec0::1"),
    ],
)
def test_what_nobody_named_may_not(host: str, address: str) -> None:
    assert AddressGuard(["acme-api"]).refusal(host, [address]) == PRIVATE.format(address)


def test_one_private_address_condemns_all() -> None:
    assert AddressGuard().refusal("acme.example", ["1.1.1.1", "10.0.0.1"]) == PRIVATE.format("10.0.0.1")
    assert AddressGuard().refusal("acme.example", ["1.1.1.1", "8.8.8.8"]) == ""


@pytest.mark.parametrize("address", ["169.254.169.254", "::ffff:169.254.169.254", "fe80::1"])
def test_nobody_can_name_a_link_local_address(address: str) -> None:
    says = f"leads to the link-local address {address}, where we never connect"
    assert AddressGuard([address, "metadata"]).refusal(address, [address]) == says
    assert AddressGuard([address, "metadata"]).refusal("metadata", [address]) == says


@pytest.mark.parametrize(
    ("host", "here"),
    [("127.0.0.1", True), ("127.8.8.8", True), ("[::1]", True), ("localhost", True), ("10.0.0.1", False), ("x", False)],
)
def test_loopback(host: str, here: bool) -> None:
    assert is_loopback(host) is here

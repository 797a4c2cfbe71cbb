"""Whose address counts, behind how many proxies."""

import pytest
from django.test import RequestFactory

from capsite.gateway.addresses import address_group, address_of, address_of_scope


@pytest.mark.parametrize(
    ("proxies", "peer", "forwarded", "client"),
    [
        (0, "203.0.113.9", "198.51.100.1", "203.0.113.9"),
        (1, "10.0.0.1", "198.51.100.1", "198.51.100.1"),
        (1, "10.0.0.1", "1.1.1.1, 198.51.100.1", "198.51.100.1"),
        (2, "10.0.0.1", "1.1.1.1, 198.51.100.1, 10.0.0.2", "198.51.100.1"),
        (2, "10.0.0.1", "198.51.100.1", "198.51.100.1"),
        (1, "10.0.0.1", "", "10.0.0.1"),
        (1, "10.0.0.1", "<script>", "10.0.0.1"),
        (0, "", "", "unknown"),
        (0, "fe80::1%eth0", "", "fe80::1"),
    ],
)
def test_only_known_proxies_are_believed(settings, proxies, peer, forwarded, client):
    settings.CAPSITE_TRUSTED_PROXIES = proxies
    headers = {"HTTP_X_FORWARDED_FOR": forwarded} if forwarded else {}
    request = RequestFactory().get("/", REMOTE_ADDR=peer, **headers)
    lines = [(b"x-forwarded-for", forwarded.encode())] if forwarded else []
    assert address_of(request) == client
    assert address_of_scope({"client": (peer, 1) if peer else None, "headers": lines}) == client


@pytest.mark.parametrize(
    ("address", "group"),
    [
        ("203.0.113.9", "203.0.113.9"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("::ffff:203.0.113.9", "203.0.113.9"),
        ("unknown", "unknown"),
    ],
)
def test_an_ipv6_network_is_one_address(address, group):
    assert address_group(address) == group

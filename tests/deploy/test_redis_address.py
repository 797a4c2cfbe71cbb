"""REDIS_URL may name a server, Sentinels or a cluster; what cannot work is refused at the start."""

import pytest
from django.core.exceptions import ImproperlyConfigured

from capsite.common.redisaddress import redis_address
from capsite.settings import env
from capsite.settings.parts.celery import _sentinel_options
from capsite.settings.parts.channels import _layer_host
from tests.capsite.test_settings_files import PRODUCTION, imported, settings_of

SENTINEL = "sentinel://me:p%40ss@one,[::1]:5000/mymaster/2?sentinel_password=other"


def test_a_sentinel_url_says_everything_the_three_libraries_ask_for():
    address = redis_address(SENTINEL)
    assert address.hosts == (("one", 26379), ("::1", 5000))
    assert (address.master, address.database) == ("mymaster", 2)
    host = _layer_host(address)
    assert (host["username"], host["password"], host["db"]) == ("me", "p@ss", 2)
    assert host["sentinel_kwargs"]["password"] == "other"
    assert "ssl" not in host
    options = _sentinel_options(address)
    assert options["master_name"] == "mymaster"
    assert options["sentinel_kwargs"] == host["sentinel_kwargs"]


def test_tls_reaches_the_data_and_the_sentinels():
    host = _layer_host(redis_address("rediss+sentinel://one/mymaster"))
    assert host["ssl"]
    assert host["sentinel_kwargs"]["ssl"]


@pytest.mark.parametrize(
    ("url", "sentence"),
    [
        ("http://h", "must start with one of: redis://"),
        ("sentinel:///mymaster", "must name at least one host"),
        ("sentinel://h:26379", "must end in the master's name"),
        ("sentinel://h/mymaster/first", "must end in the master's name"),
        ("sentinel://h:port/mymaster", "Port could not be cast"),
        ("sentinel://h/mymaster?password=x", "must not have 'password' after the question mark"),
        ("cluster://h:6379/1", "must name no database but 0"),
    ],
)
def test_a_wrong_url_is_one_sentence(monkeypatch, url, sentence):
    monkeypatch.setenv("X", url)
    with pytest.raises(ImproperlyConfigured, match=r"^X must be a Redis URL") as caught:
        env.redis("X", "")
    assert sentence in str(caught.value)


def test_behind_sentinel_cache_broker_and_sockets_follow_the_master(tmp_path):
    seen = settings_of(
        "capsite.settings.prod", tmp_path / "none", **PRODUCTION | {"REDIS_URL": SENTINEL}
    )
    assert seen["CELERY_BROKER_URL"] == (
        "sentinel://me:p%40ss@one:26379/2;sentinel://me:p%40ss@[::1]:5000/2"
    )
    assert seen["CELERY_BROKER_TRANSPORT_OPTIONS"]["master_name"] == "mymaster"
    assert seen["CHANNEL_LAYERS"]["default"]["CONFIG"]["hosts"][0]["master_name"] == "mymaster"
    assert seen["CACHES"]["default"]["LOCATION"] == SENTINEL


def test_over_tls_the_broker_shows_a_certificate(tmp_path):
    given = PRODUCTION | {"REDIS_URL": "rediss://cache:6380/0"}
    seen = settings_of("capsite.settings.prod", tmp_path / "none", **given)
    assert seen["CELERY_BROKER_USE_SSL"] == {"ssl_cert_reqs": 2, "ssl_check_hostname": True}


def test_a_cluster_needs_a_server_for_the_messages(tmp_path):
    given = PRODUCTION | {"REDIS_URL": "cluster://one,two"}
    done = imported("capsite.settings.prod", tmp_path / "none", **given)
    assert done.returncode == 1
    assert "CAPSITE_BROKER_URL must name a single Redis" in done.stderr.splitlines()[-1]

    given |= {"CAPSITE_BROKER_URL": "redis://messages/1"}
    seen = settings_of("capsite.settings.prod", tmp_path / "none", **given)
    assert seen["CELERY_BROKER_URL"] == "redis://messages/1"
    assert seen["CHANNEL_LAYERS"]["default"]["CONFIG"]["hosts"][0]["address"] == (
        "redis://messages/1"
    )
    assert seen["CACHES"]["default"]["LOCATION"] == "cluster://one,two"


def test_a_secret_may_stand_in_a_file(monkeypatch, tmp_path):
    secret = tmp_path / "key"
    secret.write_text("from the file\n")
    monkeypatch.setenv("X_FILE", str(secret))
    assert env.text("X") == env.required("X", "") == "from the file"
    monkeypatch.setenv("X", "")
    assert env.text("X", "unused") == ""
    monkeypatch.delenv("X")
    secret.unlink()
    with pytest.raises(ImproperlyConfigured, match=r"X_FILE names .*, which cannot be read: No"):
        env.text("X")

"""One client for whatever REDIS_URL names; who asks chooses the patience."""

from typing import Any, cast

from redis import Redis
from redis.cluster import ClusterNode, RedisCluster
from redis.exceptions import RedisClusterException, RedisError
from redis.sentinel import Sentinel

from capsite.common.redisaddress import RedisAddress, redis_address

# What a Redis that cannot be asked raises; a cluster's error is no RedisError.
REDIS_AWAY = (RedisError, RedisClusterException, OSError)


def redis_client(url: str, **options: Any) -> Redis:
    """Return a client with redis-py's ``options``; a cluster's has the same commands.

    Behind Sentinel it asks for the master whenever it connects. A cluster is asked for its map
    here already, so there this fails while the cluster is away.
    """
    address = redis_address(url)
    if address.is_sentinel:
        return _master(address, options)
    if address.is_cluster:
        nodes = [ClusterNode(host, port) for host, port in address.hosts]
        return cast(Redis, RedisCluster(startup_nodes=nodes, **{**address.data_options, **options}))
    return Redis.from_url(url, **options)


def is_cluster(client: Redis) -> bool:
    """Tell whether the keys of the client lie on several servers."""
    return isinstance(client, RedisCluster)


def get_many(client: Redis, names: list[str]) -> list[bytes | None]:
    """Return the values in the order of the names; a cluster is asked slot by slot."""
    found: Any = (
        cast(RedisCluster, client).mget_nonatomic(names)
        if is_cluster(client)
        else client.mget(names)
    )
    return list(found)


def used_memory(client: Redis) -> int:
    """Return the bytes the server uses; of a cluster, those of its fullest one."""
    everywhere = {"target_nodes": RedisCluster.PRIMARIES} if is_cluster(client) else {}
    answer: Any = client.info("memory", **everywhere)
    rows = answer.values() if everywhere else [answer]
    return max(int(row["used_memory"]) for row in rows)


def _master(address: RedisAddress, options: dict[str, Any]) -> Redis:
    watchers = Sentinel(address.hosts, sentinel_kwargs=address.sentinel_options)
    wanted = {**address.data_options, "db": address.database, **options}
    return watchers.master_for(address.master, **wanted)

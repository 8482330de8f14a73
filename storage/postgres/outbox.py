"""Which outbox message is next, when several processes ask the same PostgreSQL.

The rules of storage/lanes.py, as queries. Calendar time (`now`, from the caller) says what is
due; who is at work, and for how long that counts, goes by the server's own clock. A lane's row is
locked while somebody claims in it, and a lane of Slack stays with one process as long as that
lives: Slack's pace is kept per channel, and two who each keep it would post twice as fast.
"""

from datetime import datetime, timedelta

from storage.postgres.database import Connection, Database, rows
from storage.records import OutboxMessage

#: every lane with something pending, found by hopping along the index
_LANES = """
    with recursive pending(lane) as (
        (select lane from outbox where status = 'pending' order by lane limit 1)
        union all
        select (
            select o.lane from outbox o
            where o.status = 'pending' and o.lane > pending.lane order by o.lane limit 1
        )
        from pending where pending.lane is not null
    )
"""
#: a live claim or a retry keeps its lane; a claim whose lease is over keeps nothing
_HOLDS = """
    select o.leased_until, o.send_after from outbox o
    where o.lane = {lane} and o.status = 'pending' and o.attempts > 0
"""
_FREE = (
    "not exists (select from ("
    + _HOLDS
    + """) held
        where held.leased_until > now()
        or (held.leased_until is null and held.send_after > %(now)s))
"""
)
#: of Slack's lanes, those that nobody else alive has taken
_OURS = """
    (l.node is null or l.node = %(node)s or l.lane not like 'slack:%%'
        or not exists (select from nodes n where n.node = l.node and n.alive_until > now()))
"""
_TAKE_LANE = f"""
    {_LANES}
    select l.lane from pending
    join lanes l on l.lane = pending.lane
    cross join lateral (
        select o.send_after, o.position from outbox o
        where o.lane = l.lane and o.status = 'pending' and o.send_after <= %(now)s
        order by o.position limit 1
    ) head
    where {_FREE.format(lane="l.lane")} and {_OURS}
    order by greatest(
        head.send_after,
        (select max(held.send_after) from ({_HOLDS.format(lane="l.lane")}) held)
    ), head.position
    limit 1
    for update of l skip locked
"""
#: looked at anew, now that the lane is ours
_FIRST = f"""
    select o.key from outbox o
    where o.lane = %(lane)s and o.status = 'pending' and o.send_after <= %(now)s
    and {_FREE.format(lane="%(lane)s")}
    order by o.position limit 1
"""
_NEXT = f"""
    {_LANES}
    select min(greatest(
        (select min(o.send_after) from outbox o where o.lane = l.lane and o.status = 'pending'),
        (
            select max(held.send_after) from ({_HOLDS.format(lane="l.lane")}) held
            where held.leased_until is null
        )
    ))
    from pending
    join lanes l on l.lane = pending.lane
    where {_OURS}
    and not exists (
        select from ({_HOLDS.format(lane="l.lane")}) held where held.leased_until > now()
    )
"""
_LEASE = """
    update outbox set node = %(node)s, leased_until = clock_timestamp() + %(lease)s
    where key = %(key)s
"""


async def take_lane(connection: Connection, node: str, now: datetime) -> str | None:
    """Lock the lane whose time came first; None = there is nothing to do."""
    found = await rows(connection, _TAKE_LANE, {"node": node, "now": now})
    return str(found[0][0]) if found else None


async def first(connection: Connection, lane: str, now: datetime) -> str | None:
    """The message to send next in a lane that is locked."""
    found = await rows(connection, _FIRST, {"lane": lane, "now": now})
    return str(found[0][0]) if found else None


async def lease(connection: Connection, node: str, message: OutboxMessage, time: timedelta) -> None:
    """Note who sends it, and until when that counts."""
    await connection.execute(_LEASE, {"node": node, "lease": time, "key": message.id})
    await connection.execute(
        "update lanes set node = %s where lane = %s and node is distinct from %s",
        (node, message.lane, node),
    )


async def next_send_at(database: Database, node: str) -> datetime | None:
    """When `take_lane` can next find something that is not another's; None = nothing."""
    found: list[tuple[datetime | None]] = await database.rows(_NEXT, {"node": node})
    return found[0][0]

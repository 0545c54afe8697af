"""The outbox: `messages` queues and delivers, `claims` moves rows between statuses, `compose` and `wording` write
texts.

At least once: after a crash a message may be sent twice, and none is lost (law 4). `unsubscribe.tasks` calls it.
"""

from .messages import Owed, delay, deliver, due, hold, queue, release, sweep

__all__ = ["Owed", "delay", "deliver", "due", "hold", "queue", "release", "sweep"]

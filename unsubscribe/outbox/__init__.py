"""What is owed by email: stored with the change it confirms (`messages`), composed (`compose`, `wording`).

A message may be sent twice after a crash; none is lost. Sending is the Celery tasks' work (`unsubscribe.tasks`).
"""

from .messages import Owed, delay, deliver, due, hold, queue, release

__all__ = ["Owed", "delay", "deliver", "due", "hold", "queue", "release"]

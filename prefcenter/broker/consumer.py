"""The worker's consumer (CELERY_WORKER_CONSUMER): rejects messages that cannot be read instead of dying of them."""

import logging
from collections.abc import Callable
from typing import Any

from celery.worker import consumer
from kombu.message import Message

logger = logging.getLogger(__name__)


class Consumer(consumer.Consumer):
    """Celery's own consumer dies of some messages and gives them back to the queue, so that the next worker dies
    too."""

    def create_task_handler(self, *args: Any, **kwargs: Any) -> Callable[[Message], None]:
        handle = super().create_task_handler(*args, **kwargs)

        def on_task_received(message: Message) -> None:
            try:
                handle(message)
            except (*self.connection_errors, *self.channel_errors):
                raise
            except Exception as error:
                logger.warning(
                    "A message of the queue that cannot be read was put away; the sweep does its work: %s",
                    type(error).__name__,
                )
                if not message.acknowledged:
                    message.reject_log_error(logger, self.connection_errors)

        return on_task_received

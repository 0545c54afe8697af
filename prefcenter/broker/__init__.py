"""The folder that serves as Celery's broker where there is no other, and how the worker takes its messages."""

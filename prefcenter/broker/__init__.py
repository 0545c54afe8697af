"""A folder as Celery's broker, for sites without Redis or RabbitMQ, and a worker's consumer that survives bad
messages."""

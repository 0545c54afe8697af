"""How many examples a property of rows in the database is tried with."""

from hypothesis import HealthCheck, settings

from tests.settings import ON_POSTGRESQL


def examples(number: int) -> settings:
    """So many; on PostgreSQL, where the same verbs run and each example takes longer, a quarter of them."""
    number = number // 4 if ON_POSTGRESQL else number
    return settings(max_examples=number, deadline=None, suppress_health_check=list(HealthCheck))

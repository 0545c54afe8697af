"""Makes up a year, to measure and to try the admin out with; it refuses to join anybody real.

It is made as the demo's past is (prefcenter.demo.history), by the verbs with a clock that moves. Begin with `writing`;
nothing is imported here, because `python -m tests.sample_data` sets Django up first.
"""

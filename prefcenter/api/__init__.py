"""For senders' systems: /api/v1/. It translates, calls one verb of the engine, and decides nothing."""

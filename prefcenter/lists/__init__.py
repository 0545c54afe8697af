"""Files in and out: read, imported, checked against the gate, exported."""

"""Contacts: found by their address, shown, and acted for."""

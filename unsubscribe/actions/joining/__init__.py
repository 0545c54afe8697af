"""Addresses of one contact (law 11): added, agreed to, moved, parted, kept apart."""

"""The demo (`manage.py demo`): its own database with three months of history, and an inbox to click in."""

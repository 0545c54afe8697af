"""What people said when they left, reviewed by staff, and the reasons offered. It changes nobody's words."""

from . import reasons, review

__all__ = ["reasons", "review"]

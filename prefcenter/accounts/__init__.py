"""Signing in with a code by mail and, for the staff, a second factor, through allauth. No page asks for a password."""

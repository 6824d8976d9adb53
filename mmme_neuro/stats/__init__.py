"""Shared by all that estimate."""

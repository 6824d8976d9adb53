"""Run everybody."""

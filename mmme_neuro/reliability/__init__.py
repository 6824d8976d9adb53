"""Reliability of measures."""

"""Readers of everything a lab hands over."""

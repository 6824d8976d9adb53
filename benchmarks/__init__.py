"""Measurements of accuracy and cost that take too long for the tests."""

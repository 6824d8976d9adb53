"""Simulated studies with known truth, in the on-disk layout of the real one."""

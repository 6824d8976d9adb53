"""Plots: (tidy table | fit | MNE object, ax) -> ax."""

"""Facial muscle activity in the EEG: how much there is, and whether results depend on it."""

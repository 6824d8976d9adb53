"""Cleaning of the EEG and derivation of autonomic signals."""

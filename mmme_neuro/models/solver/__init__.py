"""The solver of mixed models."""

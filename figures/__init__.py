"""The study's figures, one script a figure; each reads results and computes none."""

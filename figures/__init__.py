"""The study's figures, one script per figure; each reads results and computes none."""

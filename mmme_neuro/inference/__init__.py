"""Inference on maps: clusters, threshold-free enhancement and permutation."""

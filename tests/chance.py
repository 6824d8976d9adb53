"""How far results of simulations may lie from the truth by chance: bounds for the tests."""

import numpy as np
from scipy import stats

CHANCE = 1e-3
"""Probability that a correct program fails one bound."""
N_STD_ERRORS = stats.norm.isf(CHANCE / 2)


def counts_by_chance(n, rate):
    """Lowest and highest count of n trials with this rate."""
    return stats.binom.interval(1 - CHANCE, n, rate)


def error_of_mean(values):
    """How far the mean of rows of simulated values may lie from its expectation."""
    return N_STD_ERRORS * stats.sem(values, axis=0)


def error_of_sd(n, n_averaged=1):
    """Relative error of the SD of n normal values, or of the mean of several such SDs."""
    return N_STD_ERRORS / np.sqrt(2 * (n - 1) * n_averaged)

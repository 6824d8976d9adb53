import numpy as np
import pytest

from mmme_neuro.events.coding import expression_by_rule


@pytest.mark.parametrize(
    ("rise_ms", "duration_ms", "expected"),
    [
        (250, 900, "micro"),
        (251, 900, "macro"),
        (400, 500, "micro"),
        (400, 501, "macro"),
        (100, 100, "micro"),
    ],
)
def test_limits_belong_to_micro_wherever_the_event_lies(rise_ms, duration_ms, expected):
    onset = np.arange(0, 60, 0.01)
    # Times as a sheet has them: rounded decimals, whose differences carry binary dust.
    apex, offset = np.round(onset + rise_ms / 1000, 3), np.round(onset + duration_ms / 1000, 3)
    assert set(expression_by_rule(onset, apex, offset)) == {expected}

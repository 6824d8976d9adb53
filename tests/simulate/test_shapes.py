import numpy as np
import pytest

from mmme_neuro.simulate import shapes
from mmme_neuro.simulate.responses import SHAPE_BY_RESPONSE

TIME = np.arange(-5, 55, 0.01)
# Stated latency of the peak (s).
PEAKS = {
    shapes.premotor_ramp: 0.0,
    shapes.late_positivity: 0.40,
    shapes.heart_period_response: 6.65,
    shapes.vasoconstriction: 5.0,
    shapes.breathing_response: 8.07,
    shapes.finger_temperature: 15.0,
}


@pytest.mark.parametrize("shape", set(SHAPE_BY_RESPONSE.values()))
@pytest.mark.parametrize("factors", [(1.0, 1.0), (0.7, 1.3), (1.3, 0.7)])
def test_peak_of_one_and_nothing_long_before_the_event(shape, factors):
    course = shape(TIME, *factors)
    assert course.max() == pytest.approx(1, abs=0.01)
    assert np.isfinite(course).all() and (course > -1e-12).all()
    assert course[TIME < -1.5].max() < 1e-3
    if shape not in (shapes.premotor_ramp, shapes.late_positivity):
        assert course[TIME <= -0.001].max() == 0
    assert course[-1] < 0.1


@pytest.mark.parametrize("shape", PEAKS)
def test_stated_latency(shape):
    assert TIME[shape(TIME, 1, 1).argmax()] == pytest.approx(PEAKS[shape], abs=0.02)


@pytest.mark.parametrize("shape", [s for s, peak in PEAKS.items() if peak > 0])
def test_latency_stretches(shape):
    ordinary, late = (TIME[shape(TIME, factor, 1).argmax()] for factor in (1, 1.2))
    assert late == pytest.approx(1.2 * ordinary, abs=0.03)


def width(course):
    return 0.01 * (course > 0.5).sum()


@pytest.mark.parametrize("shape", set(SHAPE_BY_RESPONSE.values()))
def test_width_stretches(shape):
    assert width(shape(TIME, 1, 1.3)) > width(shape(TIME, 1, 0.8))


def test_skin_conductance_response_is_bachs():
    # Bach et al. (2010): a Gaussian convolved with two exponentials; by quadrature here.
    tau = np.linspace(0, 60, 60001)

    def response(at):
        lag = at - tau
        decay = np.exp(-0.3176 * lag) + np.exp(-0.0708 * lag)
        gaussian = np.exp(-0.5 * ((tau - 3.0745) / 0.7013) ** 2)
        return np.trapezoid(gaussian * np.where(lag >= 0, decay, 0), tau)

    grid = np.arange(0, 20, 0.5)
    expected = np.array([response(at) for at in grid])
    ours = shapes.skin_conductance_response(grid, 1, 1)
    np.testing.assert_allclose(ours / ours[8], expected / expected[8], atol=0.02)


def test_oscillation_change_is_flat_between_its_edges():
    course = shapes.oscillation_change(TIME, 1, 1)
    assert course[(TIME > 0.26) & (TIME < 1.19)].min() == pytest.approx(1)
    assert course[TIME < 0].max() == 0 and course[TIME > 1.46].max() < 1e-9


@pytest.mark.parametrize("shape", [shapes.two_waves, shapes.rise_and_fall, shapes.sawtooth])
def test_unusual_shapes_peak_at_one_and_follow_the_event(shape):
    time = np.arange(-5, 30, 0.001)
    course = shape(time, 1.0, 1.0)
    assert course.max() == pytest.approx(1.0, abs=1e-3)
    assert not course[time < 0].any()
    assert not course[time > 12].any()

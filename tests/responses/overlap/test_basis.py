import numpy as np
import pytest
from scipy.integrate import trapezoid

from mmme_neuro.responses.overlap.basis import FIR, RESPONSE_FUNCTIONS, ResponseFunction, Splines

LAGS = np.linspace(-5, 40, 4501)


def test_fir_on_its_grid_is_the_identity():
    basis = FIR((-1.0, 2.0), step=0.5)
    assert basis.n_functions == 7
    np.testing.assert_allclose(basis.evaluate(np.arange(-1, 2.1, 0.5)).toarray(), np.eye(7))


@pytest.mark.parametrize("basis", [FIR((-1.0, 2.0), step=0.3), Splines((-1.0, 2.0), 9)])
def test_splines_add_up_to_one_inside_and_are_zero_outside(basis):
    total = basis.evaluate(LAGS).sum(axis=1)
    inside = (LAGS >= -1) & (LAGS <= 2)
    np.testing.assert_allclose(total[inside], 1)
    assert not total[~inside].any()


def test_splines_reproduce_a_parabola():
    lags = np.linspace(0, 3, 100)
    values = Splines((0.0, 3.0), 8).evaluate(lags).toarray()
    fitted = values @ np.linalg.lstsq(values, lags**2, rcond=None)[0]
    np.testing.assert_allclose(fitted, lags**2, atol=1e-10)


@pytest.mark.parametrize(
    ("name", "peak"), [("scr", 4.26), ("respiration_amplitude", 8.07), ("respiration_period", 4.2)]
)
def test_published_functions_peak_where_they_should(name, peak):
    course = ResponseFunction(name, derivative=False).evaluate(LAGS).toarray()[:, 0]
    assert course.max() == pytest.approx(1, abs=1e-3)
    assert LAGS[course.argmax()] == pytest.approx(peak, abs=0.25)
    assert not course[LAGS < 0].any()


def test_heart_period_holds_the_published_gamma_densities():
    columns = ResponseFunction("heart_period", derivative=False).evaluate(LAGS).toarray()
    published = ((3.1, 0.27, 0.0075), (13.4, 0.73, -2.4), (6.0, 0.96, 8.7), (5.8, 3.8, 4.9))
    modes = [(k - 1) * theta + shift for k, theta, shift in published]
    np.testing.assert_allclose(LAGS[columns.argmax(axis=0)], modes, atol=0.02)


@pytest.mark.parametrize("name", list(RESPONSE_FUNCTIONS))
def test_derivative_is_orthogonal_and_moves_the_peak(name):
    values = ResponseFunction(name, derivative=True).evaluate(LAGS).toarray()
    first, derivative = values[:, 0], values[:, -1]
    norm = np.sqrt(trapezoid(first**2, LAGS) * trapezoid(derivative**2, LAGS))
    assert trapezoid(first * derivative, LAGS) / norm == pytest.approx(0, abs=0.01)
    earlier = first + 0.3 * derivative
    assert LAGS[earlier.argmax()] < LAGS[first.argmax()]


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: FIR((1.0, 0.0), step=0.1), "window must begin before it ends"),
        (lambda: FIR((0.0, 1.0), step=0.0), "step must lie above 0"),
        (lambda: Splines((0.0, 1.0), 3), "4 or more"),
        (lambda: ResponseFunction("pupil"), "must be one of"),
    ],
)
def test_refuses_what_is_no_basis(make, message):
    with pytest.raises(ValueError, match=message):
        make()

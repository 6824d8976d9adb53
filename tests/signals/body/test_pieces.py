import numpy as np
import pytest

from mmme_neuro.signals.body.pieces import finite_pieces, map_pieces

GAPPY = np.array([np.nan, 1.0, 2.0, np.nan, 4.0, 5.0, np.nan, np.nan, np.inf, 9.0])


def test_every_gap_cuts():
    pieces = finite_pieces(GAPPY)
    assert [piece.start for piece in pieces] == [1, 4, 9]
    assert [piece.values.tolist() for piece in pieces] == [[1, 2], [4, 5], [9]]


def test_short_gaps_are_bridged_by_a_line():
    (piece,) = finite_pieces(GAPPY, bridge=1, shortest=2)
    assert piece.start == 1
    assert piece.values.tolist() == [1, 2, 3, 4, 5]


def test_short_pieces_are_left_out():
    assert [piece.start for piece in finite_pieces(GAPPY, shortest=2)] == [1, 4]


@pytest.mark.parametrize("signal", [np.empty(0), np.full(5, np.nan), np.full(3, np.inf)])
def test_nothing_finite_gives_no_piece(signal):
    assert finite_pieces(signal) == []
    assert np.isnan(map_pieces(signal, np.cumsum)).all()


def test_mapping_keeps_bridged_gaps_missing():
    mapped = map_pieces(GAPPY, np.cumsum, bridge=1, shortest=2)
    expected = [np.nan, 1, 3, np.nan, 10, 15, np.nan, np.nan, np.nan, np.nan]
    np.testing.assert_array_equal(mapped, expected)


def test_input_is_not_changed():
    before = GAPPY.copy()
    map_pieces(GAPPY, lambda values: values * 0, bridge=3)
    np.testing.assert_array_equal(GAPPY, before)

import numpy as np
import pandas as pd
import pytest

from mmme_neuro.association import face_features


def test_features_of_the_face():
    events = pd.DataFrame(
        {
            "duration": [0.5, 2.0, 0.0],
            "rise": [0.25, 0.0, np.nan],
            "censored": [False, True, False],
            "action_units": ["AU1,AU2,AU12", "AU12", ""],
        },
        index=[5, 6, 7],
    )
    found = face_features(events)
    assert found.index.tolist() == [5, 6, 7]
    expected = [
        [np.log(0.5), np.log(0.25), 3, 2 / 3],
        [np.nan, np.nan, 1, 0],
        [np.nan, np.nan, np.nan, np.nan],
    ]
    np.testing.assert_allclose(found.to_numpy(dtype=float), expected)


def test_missing_columns_are_named():
    with pytest.raises(ValueError, match=r"events lacks the columns \['rise'"):
        face_features(pd.DataFrame({"duration": [1.0]}))

import numpy as np
import pandas as pd
import pytest

from mmme_neuro.association.multiplicity import correct_families


def test_published_values():
    # Benjamini & Hochberg (1995), 3.2: four of fifteen are rejected at .05, by Holm's three.
    p = [0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344, 0.0459, 0.3240, 0.4262]
    p += [0.5719, 0.6528, 0.7590, 1.0]
    found = correct_families(pd.DataFrame({"p_value": p}), family=None)
    assert (found["p_fdr"] <= 0.05).sum() == 4
    assert (found["p_holm"] <= 0.05).sum() == 3
    assert found["p_holm"][0] == pytest.approx(15 * 0.0001)


def test_families_are_apart_and_missing_p_values_do_not_count():
    table = pd.DataFrame({"p_value": [0.02, np.nan, 0.04, 0.04], "family": list("aaba")})
    found = correct_families(table)
    assert found["n_tests"].tolist() == [2, 2, 1, 2]
    np.testing.assert_allclose(found["p_holm"], [0.04, np.nan, 0.04, 0.04])
    empty = correct_families(table.assign(p_value=np.nan))
    assert empty["p_holm"].isna().all() and (empty["n_tests"] == 0).all()


def test_errors():
    with pytest.raises(ValueError, match=r"table lacks the columns \['family'\]"):
        correct_families(pd.DataFrame({"p_value": [0.1]}))

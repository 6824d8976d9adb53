import numpy as np

from benchmarks.lmm_maps import measured, page


def test_small_run_writes_a_page():
    table = measured(n_columns=6, n_compared=2, n_statsmodels=1)
    assert len(table) == 6 and (table["failed"] == 0).all()
    assert (table["criterion"] < 1e-6).all()
    assert (table["estimate_se"] < 1e-6).all() and (table["dof"] < 1e-3).all()
    text = page(table, (0.1, 0.2), 6, 0.0)
    assert text.count("| typical |") == 6 and "nan" not in text
    assert np.isfinite(table["ratio_processor"]).all()

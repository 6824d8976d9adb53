import numpy as np
import pytest

from mmme_neuro.responses.curves import HIGHEST_RATE_HZ, participant_curves
from mmme_neuro.responses.regions import roi_channels


def test_curves_are_means_and_errors_over_epochs_of_region_means(erp_epochs):
    epochs = erp_epochs
    curves = participant_curves(epochs, ["sensorimotor"], condition="expression")
    table = epochs.metadata
    name, kind = table["participant"].iloc[0], table["expression"].iloc[0]
    rows = ((table["participant"] == name) & (table["expression"] == kind)).to_numpy().nonzero()[0]
    step = int(np.ceil(epochs.info["sfreq"] / HIGHEST_RATE_HZ))
    channels = roi_channels(epochs.info, "sensorimotor")
    own = epochs[rows].get_data(picks=channels, verbose="error").mean(axis=1)[:, ::step] * 1e6
    found = curves.sel(participant=name, roi="sensorimotor", condition=kind)
    np.testing.assert_allclose(found["mean"], own.mean(axis=0), rtol=1e-5, atol=1e-5)
    error = own.std(axis=0, ddof=1) / np.sqrt(len(rows))
    np.testing.assert_allclose(found["std_error"], error, rtol=1e-5)
    assert int(found["n_epochs"]) == len(rows)
    np.testing.assert_allclose(found["time"], epochs.times[::step])


def test_absent_cell_is_missing_and_one_epoch_has_no_error(erp_epochs):
    epochs, table = erp_epochs, erp_epochs.metadata
    name = table["participant"].iloc[0]
    own = (table["participant"] == name) & (table["expression"] == "micro")
    keep = ~own
    keep[own.to_numpy().nonzero()[0][0]] = True
    curves = participant_curves(
        epochs[keep.to_numpy().nonzero()[0]], ["sensorimotor"], condition="expression"
    )
    cell = curves.sel(participant=name, condition="micro")
    assert int(cell["n_epochs"]) == 1
    assert np.isfinite(cell["mean"]).all() and np.isnan(cell["std_error"]).all()
    curves = participant_curves(
        epochs[(~own).to_numpy().nonzero()[0]], ["sensorimotor"], condition="expression"
    )
    cell = curves.sel(participant=name, condition="micro")
    assert int(cell["n_epochs"]) == 0 and np.isnan(cell["mean"]).all()


def test_unknown_region_is_refused(erp_epochs):
    with pytest.raises(ValueError, match="nowhere"):
        participant_curves(erp_epochs, ["nowhere"], condition="expression")

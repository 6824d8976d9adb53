import numpy as np
import pytest

from mmme_neuro.responses.design_cells import cell_rows, count_cells


def test_rows_and_counts_cover_every_epoch_once(erp_epochs):
    rows = cell_rows(erp_epochs, ["participant", "expression"])
    assert np.array_equal(np.sort(np.concatenate(list(rows.values()))), np.arange(len(erp_epochs)))
    counts = count_cells(erp_epochs, ["participant", "expression"])
    assert {key: len(members) for key, members in rows.items()} == counts["n_epochs"].to_dict()
    by_kind = count_cells(erp_epochs, "expression")
    assert by_kind.loc["macro"].tolist() == [84, 6, 4]
    assert by_kind.loc["micro"].tolist() == [33, 6, 4]


def test_missing_columns_and_labels_are_errors(erp_epochs):
    with pytest.raises(ValueError, match="must name columns"):
        cell_rows(erp_epochs, "valence")
    table = erp_epochs.metadata.copy()
    table.loc[table.index[:3], "expression"] = None
    unlabeled = erp_epochs.copy()
    unlabeled.metadata = table
    with pytest.raises(ValueError, match="3 of 117 epochs have no label"):
        cell_rows(unlabeled, "expression")

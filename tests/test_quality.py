import pandas as pd

from mmme_neuro.quality import QUALITY_COLUMNS, quality_table


def test_counts_and_shares_of_each_participant():
    participants = pd.DataFrame(
        {
            "participant": ["a", "b", "c"],
            "status": ["done", "done", "failed"],
            "n_epochs": [10, 4, 0],
            "n_micro": [3, 4, 0],
            "n_macro": [5, 0, 0],
            "n_excluded": [1, 0, 0],
        }
    )
    bad = pd.DataFrame({"participant": ["b", "b"], "channel": ["FZ", "CZ"]})
    components = pd.DataFrame(
        {
            "participant": ["a", "a", "a", "b"],
            "removed_as": ["eye", "muscle", "muscle", ""],
            "variance_share": [0.5, 0.1, 0.05, 1.0],
        }
    )
    table = quality_table(participants, bad, components)
    assert tuple(table) == QUALITY_COLUMNS
    assert table["participant"].tolist() == ["a", "b"]
    assert table["n_other"].tolist() == [2, 0]
    assert table["n_bad_channels"].tolist() == [0, 2]
    assert table[["n_components", "n_eye", "n_muscle"]].to_numpy().tolist() == [
        [3, 1, 2],
        [1, 0, 0],
    ]
    assert table["muscle_share"].round(6).tolist() == [0.15, 0.0]

import pytest

from mmme_neuro.bids.names import ParticipantFiles, participant_labels


def test_pseudonyms_are_wide_enough_to_sort():
    labels = participant_labels([f"p{n:03d}" for n in range(120)], pseudonyms=True)
    assert labels["p000"] == "sub-001" and labels["p119"] == "sub-120"


def test_codes_that_become_equal_are_refused():
    with pytest.raises(ValueError, match="use pseudonyms"):
        participant_labels(["a_1", "a1"], pseudonyms=False)
    with pytest.raises(ValueError, match="use pseudonyms"):
        participant_labels(["__"], pseudonyms=False)


def test_parts_are_in_the_order_of_their_numbers(tmp_path):
    files = ParticipantFiles(tmp_path, "sub-01", "expression")
    files.folder.mkdir(parents=True)
    for number in (10, 2, 1):
        files.physio(number).touch()
    assert files.physio_parts() == [files.physio(number) for number in (1, 2, 10)]

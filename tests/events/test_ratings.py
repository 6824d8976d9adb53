import numpy as np
import pytest

from mmme_neuro.events.ratings import read_ratings

TEXT = """participant,stimulus,item,rating
sub01,101,valence,3
sub01,101,arousal,4.5
sub02,101,valence,
"""


def write(tmp_path, text):
    path = tmp_path / "ratings.csv"
    path.write_text(text, encoding="utf-8")
    return path


def test_reads(tmp_path):
    ratings = read_ratings(write(tmp_path, TEXT))
    assert list(ratings.columns) == ["participant", "stimulus", "item", "rating"]
    assert ratings["stimulus"].tolist() == ["101"] * 3
    np.testing.assert_array_equal(ratings["rating"], [3, 4.5, np.nan])


def test_other_columns_and_blank_lines_do_no_harm(tmp_path):
    text = TEXT.replace("\n", ",x\n", 1).replace("rating,x", "rating,note") + "\n"
    assert len(read_ratings(write(tmp_path, text))) == 3


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (TEXT.replace("item", "question"), r"ratings.csv: lacks the columns \['item'\]"),
        (TEXT.replace("4.5", "high"), "a rating not a number in 1 rows .row 3.*high"),
        (TEXT + "sub01,101,valence,5\n", "more than once in 2 rows .row 2.*row 5"),
        (TEXT.replace("sub02", ""), "an empty name in 1 rows .row 4"),
        (TEXT.splitlines()[0] + "\n", "no rating below"),
    ],
)
def test_refuses(tmp_path, text, message):
    with pytest.raises(ValueError, match=message):
        read_ratings(write(tmp_path, text))

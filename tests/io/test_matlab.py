import zlib
from pathlib import Path

import numpy as np
import pytest
import scipy.io
import scipy.sparse
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.io import loadmat, savemat

from mmme_neuro.errors import DamagedFile
from mmme_neuro.io.matlab import check_matlab_file

CONTENT = {
    "numbers": np.arange(12.0).reshape(3, 4),
    "short": np.int16([[1, 2]]),
    "complex": np.array([[1 + 2j]]),
    "text": "abc µV",
    "empty": np.zeros((0, 3)),
    "cells": np.array([["a", 1.0]], dtype=object),
    "nested": {"field": {"inner": np.ones(3)}, "other": "x"},
    "sparse": scipy.sparse.csc_array(np.array([[0, 1.5], [2.5, 0]])),
    "rows": np.array([(1.0, "a"), (2.0, "bc")], dtype=[("latency", float), ("type", object)]),
}


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    path = tmp_path_factory.mktemp("mat") / "a.mat"
    savemat(path, CONTENT)
    return path


def test_sound_files_pass(path, tmp_path):
    check_matlab_file(path)
    savemat(tmp_path / "b.mat", CONTENT, do_compression=True)
    check_matlab_file(tmp_path / "b.mat")


def test_scipys_own_examples_pass():
    folder = Path(scipy.io.__file__).parent / "matlab" / "tests" / "data"
    examples = sorted(folder.glob("test*_7*.mat")) + sorted(folder.glob("test*_6*.mat"))
    if not examples:
        pytest.skip("SciPy is installed without its tests")
    for example in examples:
        check_matlab_file(example)


def test_other_files_are_left_to_their_reader(tmp_path):
    for content in (b"", b"short", bytes(200)):
        (tmp_path / "a.mat").write_bytes(content)
        check_matlab_file(tmp_path / "a.mat")


@pytest.mark.parametrize(
    ("name", "shift", "value", "message"),
    [
        (b"numbers", -12, 99, "bytes for"),  # columns
        (b"numbers", -32, 17, "class 17"),
        (b"numbers", -12, 255, "dimensions|bytes for"),
        (b"nested", 11, 255, "field names|bytes"),
    ],
)
def test_contradictions_name_file_and_place(path, tmp_path, name, shift, value, message):
    content = bytearray(path.read_bytes())
    content[content.index(name) + shift] = value
    (tmp_path / "bad.mat").write_bytes(content)
    with pytest.raises(ValueError, match=f"bad.mat.*({message}).*at byte"):
        check_matlab_file(tmp_path / "bad.mat")


@pytest.mark.parametrize("share", [0.2, 0.5, 0.9, 0.999])
def test_truncated_files_are_refused(path, tmp_path, share):
    content = path.read_bytes()
    (tmp_path / "bad.mat").write_bytes(content[: int(share * len(content))])
    with pytest.raises(ValueError, match="at byte"):
        check_matlab_file(tmp_path / "bad.mat")


@settings(max_examples=200, deadline=None)
@given(st.integers(128, 2000), st.integers(0, 7))
def test_any_flipped_bit_is_refused_or_read(path, place, bit):
    content = bytearray(path.read_bytes())
    content[place % len(content)] ^= 1 << bit
    damaged = path.with_name("flipped.mat")
    damaged.write_bytes(content)
    try:
        check_matlab_file(damaged)
    except DamagedFile as error:
        assert "flipped.mat" in str(error)
        return
    try:  # the process must survive this
        loadmat(damaged)
    except (ValueError, TypeError, KeyError, OSError, NotImplementedError, zlib.error):
        pass

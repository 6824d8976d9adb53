"""The same numbers, as the programs of several countries write them."""

import codecs
import gzip

import numpy as np
import pytest

from mmme_neuro.errors import BadInput, DamagedFile
from mmme_neuro.io.physio import read_physio

N = 500
TIMES = np.arange(N) / 250
EDA = 4 + np.round(0.3 * np.sin(TIMES), 4)
LOAD = np.round(1500 + 1000 * np.sin(3 * TIMES), 2)


def english(value):
    return repr(float(value))


def german(value):
    return english(value).replace(".", ",")


def table(separator=";", number=german, names=("time_s", "EDA [uS]", "Load"), end="", start=""):
    rows = [separator.join(map(number, row)) + end for row in zip(TIMES, EDA, LOAD, strict=True)]
    head = [separator.join(names) + end] if names else []
    return start + "\n".join([*head, *rows]) + "\n"


def check(path, **options):
    raw = read_physio(path, **options)
    assert raw.info["sfreq"] == 250.0 and raw.n_times == N
    np.testing.assert_allclose(raw.get_data()[0], 1e-6 * EDA, rtol=1e-12)
    np.testing.assert_allclose(raw.get_data()[1], LOAD, rtol=1e-12)
    assert raw.ch_names[0] == "EDA"


GROUPS = {
    "point": lambda value: f"{value:,.4f}".replace(",", " ").replace(".", ",").replace(" ", "."),
    "comma": lambda value: f"{value:,.4f}",
    "blank": lambda value: f"{value:,.4f}".replace(",", " ").replace(".", ","),
    "narrow blank": lambda value: f"{value:,.4f}".replace(",", "\u202f").replace(".", ","),
    "no-break blank": lambda value: f"{value:,.4f}".replace(",", "\u00a0").replace(".", ","),
    "apostrophe": lambda value: f"{value:,.4f}".replace(",", "'"),
}


@pytest.mark.parametrize(
    ("separator", "number"),
    [(";", german), ("\t", german), ("|", german), (" ", german), (";", english), ("\t", english),
     (",", english), ("|", english), (" ", english), (" ; ", german), ("   ", english)],
)  # fmt: skip
def test_separators_and_decimal_marks(tmp_path, separator, number):
    names = ("time_s", "EDA_uS", "Load")
    (tmp_path / "a.csv").write_text(table(separator, number, names))
    check(tmp_path / "a.csv")


@pytest.mark.parametrize("group", GROUPS)
@pytest.mark.parametrize("separator", [";", "\t"])
def test_thousands(tmp_path, separator, group):
    (tmp_path / "a.csv").write_text(table(separator, GROUPS[group]), encoding="utf-8")
    check(tmp_path / "a.csv")


def test_quoted_decimal_commas_between_commas(tmp_path):
    text = table(",", lambda value: f'"{german(value)}"', ("time_s", '"EDA [uS]"', "Load"))
    (tmp_path / "a.csv").write_text(text)
    check(tmp_path / "a.csv")


def test_decimal_commas_between_commas_are_refused_with_the_remedy(tmp_path):
    (tmp_path / "a.csv").write_text(table(",", german))
    with pytest.raises(DamagedFile, match=r"a\.csv: .*3 names .* semicolons"):
        read_physio(tmp_path / "a.csv", sfreq=250)


def test_one_column_with_decimal_commas(tmp_path):
    (tmp_path / "a.txt").write_text("EDA\n" + "\n".join(map(german, EDA)) + "\n")
    found = read_physio(tmp_path / "a.txt", sfreq=250, units={"EDA": "uS"})
    np.testing.assert_allclose(found.get_data()[0], 1e-6 * EDA)


@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "latin-1", "cp1252"]
)
@pytest.mark.parametrize("suffix", [".csv", ".txt.gz"])
def test_encodings(tmp_path, encoding, suffix):
    content = table(names=("Zeit (s)", "EDA (µS)", "Größe")).encode(encoding)
    mark = {"utf-16-le": codecs.BOM_UTF16_LE, "utf-16-be": b""}.get(encoding, b"")
    path = tmp_path / f"a{suffix}"
    path.write_bytes(gzip.compress(mark + content) if suffix.endswith("gz") else mark + content)
    check(path)
    assert read_physio(path).ch_names[1] == "Größe"


@pytest.mark.parametrize(
    "start",
    ["sep=;\n", "# made by X\n# two lines, with; marks\n", "% MATLAB\n", "\n\n", "// C\n",
     "Recorded with X 1.2\nParticipant: 7\n\n", "Date;2024-01-31\nOperator;nobody\n"],
)  # fmt: skip
def test_lines_before_the_names(tmp_path, start):
    (tmp_path / "a.csv").write_text(table(start=start))
    check(tmp_path / "a.csv")


def test_trailing_separators_and_a_line_of_units(tmp_path):
    text = table(end=";", names=("time", "EDA", "Load")).replace("Load;\n", "Load;\ns;µS;N;\n", 1)
    (tmp_path / "a.csv").write_text(text.replace(";N;", ";g;"), encoding="utf-8")
    check(tmp_path / "a.csv")


def test_names_in_a_comment(tmp_path):
    (tmp_path / "a.txt").write_text("# " + table("\t", english))
    check(tmp_path / "a.txt")


@pytest.mark.parametrize("mark", ["", "NaN", "nan", "n/a", "N/A", "NA", "-", "--", "null", "None"])
def test_marks_of_missing_samples(tmp_path, mark):
    lines = table().splitlines()
    lines[41] = lines[41].replace(german(EDA[40]), mark, 1)
    lines[1] = lines[1].replace(german(EDA[0]), mark, 1)
    (tmp_path / "a.csv").write_text("\n".join(lines) + "\n")
    found = read_physio(tmp_path / "a.csv").get_data()
    assert np.argwhere(np.isnan(found)).tolist() == [[0, 0], [0, 40]]


def test_a_sensor_without_any_sample_stays_a_channel(tmp_path):
    rows = "\n".join(
        f"{at!r};{value!r};" for at, value in zip(TIMES.tolist(), EDA.tolist(), strict=True)
    )
    (tmp_path / "a.csv").write_text(f"time_s;EDA [uS];SKT [C]\n{rows}\n")
    raw = read_physio(tmp_path / "a.csv")
    assert raw.ch_names == ["EDA", "SKT"] and np.isnan(raw.get_data("SKT")).all()


@pytest.mark.parametrize(
    ("name", "scale"),
    [("time_s", 1), ("Time (s)", 1), ("t", 1), ("TIME", 1), ("time_ms", 1e3), ("Time [ms]", 1e3),
     ("timestamp", 1e3), ("timestamp_us", 1e6), ("Zeit (min)", 1 / 60), ("seconds", 1)],
)  # fmt: skip
def test_rate_of_a_column_of_times(tmp_path, name, scale):
    rows = "\n".join(
        f"{at * scale!r};{value!r}" for at, value in zip(TIMES.tolist(), EDA.tolist(), strict=True)
    )
    (tmp_path / "a.csv").write_text(f"{name};EDA [uS]\n{rows}\n")
    raw = read_physio(tmp_path / "a.csv")
    assert raw.ch_names == ["EDA"] and raw.info["sfreq"] == 250.0 and raw.first_samp == 0


@pytest.mark.parametrize(
    "moment",
    ["2024-01-31T23:59:59.{:03d}", "2024-01-31 23:59:59.{:03d}", "31.01.2024 23:59:59,{:03d}",
     "23:59:59.{:03d}", "2024-01-31T23:59:59.{:03d}Z", "2024-01-31T23:59:59.{:03d}+01:00"],
)  # fmt: skip
def test_rate_of_dates_and_times_of_day(tmp_path, moment):
    rows = "\n".join(f"{moment.format(4 * n)};{float(EDA[n])!r}" for n in range(200))
    (tmp_path / "a.csv").write_text(f"when;EDA [uS]\n{rows}\n")
    raw = read_physio(tmp_path / "a.csv")
    assert raw.info["sfreq"] == 250.0 and raw.ch_names == ["EDA"] and raw.info["meas_date"] is None


def with_times(tmp_path, times, name="time_s", **options):
    rows = "\n".join(f"{at!r};{float(5 + np.sin(at))!r}" for at in map(float, times))
    (tmp_path / "a.csv").write_text(f"{name};EDA [uS]\n{rows}\n")
    return read_physio(tmp_path / "a.csv", **options)


def test_rounded_times_give_the_true_rate(tmp_path):
    times = np.arange(5000) / 512
    assert with_times(tmp_path, np.round(times, 3)).info["sfreq"] == 512.0


def test_samples_that_the_times_leave_out_are_nan(tmp_path):
    kept = np.r_[0:200, 260:500]
    with pytest.warns(UserWarning, match="60 of 500 samples are missing"):
        raw = with_times(tmp_path, TIMES[kept])
    is_nan = np.isnan(raw.get_data()[0])
    assert np.flatnonzero(is_nan).tolist() == list(range(200, 260))
    np.testing.assert_allclose(raw.get_data()[0][~is_nan], 1e-6 * (5 + np.sin(TIMES[kept])))


def test_irregular_times_are_brought_to_one_rate_with_a_word(tmp_path):
    steps = np.random.default_rng(0).uniform(0.001, 0.007, 2000)
    with pytest.warns(UserWarning, match="irregular .* straight lines"):
        raw = with_times(tmp_path, np.cumsum(steps))
    expected = 1e-6 * (5 + np.sin(raw.times + steps[0]))
    np.testing.assert_allclose(raw.get_data()[0], expected, rtol=1e-4)


@pytest.mark.parametrize(
    ("times", "name", "options", "message"),
    [(np.r_[TIMES, TIMES], "time_s", {}, "rising times"),
     (np.repeat(TIMES, 2), "time_s", {}, "rising times"),
     (TIMES, "time_s", {"sfreq": 100}, "sfreq=100 was given"),
     (np.arange(500.0), "time", {}, "seconds, milliseconds or the numbers")],
)  # fmt: skip
def test_times_that_cannot_be_right_are_refused(tmp_path, times, name, options, message):
    with pytest.raises((BadInput, DamagedFile), match=message):
        with_times(tmp_path, times, name, **options)


def test_a_given_rate_settles_the_unit_of_the_times(tmp_path):
    assert with_times(tmp_path, np.arange(500) * 4.0, "time", sfreq=250).info["sfreq"] == 250.0


def test_recording_that_begins_later_keeps_its_clock(tmp_path):
    raw = with_times(tmp_path, 12 + TIMES)
    assert raw.first_time == pytest.approx(12.0) and raw.n_times == N


@pytest.mark.parametrize("name", ["sample", "index", "nSeq", ""])
def test_numbers_of_samples_are_no_channel(tmp_path, name):
    rows = "\n".join(f"{n},{value!r}" for n, value in enumerate(EDA.tolist()))
    (tmp_path / "a.csv").write_text(f"{name},EDA [uS]\n{rows}\n")
    with pytest.raises(BadInput, match="`sfreq`"):
        read_physio(tmp_path / "a.csv")
    assert read_physio(tmp_path / "a.csv", sfreq=250).ch_names == ["EDA"]


@pytest.mark.parametrize("note", ["# Sampling Rate: 250", "Sampling frequency (Hz);250", "fs=250"])
def test_rate_before_the_numbers(tmp_path, note):
    rows = "\n".join(f"{value!r}" for value in EDA.tolist())
    (tmp_path / "a.csv").write_text(f"{note}\nEDA [uS]\n{rows}\n")
    assert read_physio(tmp_path / "a.csv").info["sfreq"] == 250.0


def test_thousands_that_come_late_in_a_long_table(tmp_path):
    """pandas reads long tables in pieces, of which only one may hold text."""
    values = np.r_[np.full(300_000, 0.1234), 1234.5]
    rows = "\n".join([*(["0,1234"] * 300_000), "1.234,5"])
    (tmp_path / "a.csv").write_text(f"Load;\n{rows}\n")
    np.testing.assert_allclose(read_physio(tmp_path / "a.csv", sfreq=100).get_data()[0], values)

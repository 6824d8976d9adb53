import shutil
from dataclasses import replace

import openpyxl
import pytest

from mmme_neuro import read_recording, simulate_study
from mmme_neuro.bids import write_bids
from mmme_neuro.simulate import DEMO
from mmme_neuro.simulate import study as study_module

PEOPLE = {"sub01": "Marlene", "sub02": "Quentin"}
SHORT = replace(DEMO, video_s=(14.0, 18.0), gap_s=(6.0, 8.0), physio_sfreq=250.0)


@pytest.fixture(scope="session")
def study(tmp_path_factory):
    """Two people under their own names, and one whose EEG is damaged."""
    folder = tmp_path_factory.mktemp("study")
    with pytest.MonkeyPatch.context() as patch:
        # The truth takes most of the time and is not looked at here.
        patch.setattr(study_module, "estimands", lambda *arguments: {})
        simulate_study(folder, n_participants=2, n_videos=3, seed=5, parameters=SHORT)
    for code, name in PEOPLE.items():
        (folder / code).rename(folder / name)
    _rename_in_sheet(folder / "coding_file.xlsx")
    _add_remark(next((folder / "Marlene").glob("*.cef")))
    shutil.copytree(folder / "Marlene", folder / "Odette")
    data = next((folder / "Odette").glob("*.cdt"))
    data.write_bytes(data.read_bytes()[:-1001])
    return folder


@pytest.fixture(scope="session")
def dataset(study, tmp_path_factory):
    """The study as a BIDS dataset, with its key elsewhere."""
    out = tmp_path_factory.mktemp("bids")
    return write_bids(study, out / "dataset", key=out / "key.tsv")


@pytest.fixture(scope="session")
def original(study):
    return read_recording(study / "Marlene")


def _rename_in_sheet(path):
    """The people's names in the columns that hold the participant, and Odette like Marlene."""
    book = openpyxl.load_workbook(path)
    sheet = book.active
    rows = [list(row) for row in sheet.values]
    sheet.delete_rows(1, sheet.max_row)
    sheet.append(rows[0])
    for code, name, *rest in rows[1:]:
        person = PEOPLE[code]
        sheet.append([person, name.replace(code, person), *rest])
        if person == "Marlene":
            sheet.append(["Odette", name.replace(code, "Odette"), *rest])
    book.save(path)


def _add_remark(path):
    """A remark typed at the amplifier, in place of the first event's."""
    text = path.read_text(encoding="utf-8-sig")
    head, start, lines = text.rpartition("REMARK_LIST START_LIST\t# Do not edit!\n")
    assert start
    path.write_text(head + start + "Marlene coughs" + lines, encoding="utf-8-sig")

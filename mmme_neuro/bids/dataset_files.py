"""Files that describe a BIDS dataset as a whole, and the details that they state."""

from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

import pandas as pd

from mmme_neuro.bids.events import HED_VERSION, event_sidecar
from mmme_neuro.bids.text_files import write_tsv
from mmme_neuro.io.files import write_json
from mmme_neuro.signals.eeg.clean import Cleaning


@dataclass(frozen=True)
class DatasetDetails:
    """Facts about a study for its BIDS dataset; ``"n/a"`` where they are not known.

    Parameters
    ----------
    name : str
        Title of the dataset.
    authors : tuple of str
        Authors of the dataset; empty leaves them out.
    license : str
        License of the data.
    eeg_reference, eeg_ground, eeg_manufacturer : str
        Reference and ground electrode, maker of the amplifier.
    line_frequency_hz : float | None
        Frequency of the mains (Hz), as in `Cleaning`; None where it is not known.
    task_description, instructions : str
        What participants did and were told.
    """

    name: str = "Facial micro- and macro-expressions with EEG and peripheral physiology"
    authors: tuple[str, ...] = ()
    license: str = "n/a"
    eeg_reference: str = "n/a"
    eeg_ground: str = "n/a"
    eeg_manufacturer: str = "n/a"
    line_frequency_hz: float | None = Cleaning.line_hz
    task_description: str = "Watching emotional videos while the face is filmed"
    instructions: str = "Keep a neutral face"


BIDS_VERSION = "1.11.1"
GENERATOR = "mmme_neuro"
DESCRIPTION_FILE = "dataset_description.json"

PARTICIPANT_FIELDS = {
    "participant_id": {"Description": "Participant"},
    "n_events": {"Description": "Number of coded facial expressions, all kinds"},
    "n_micro": {"Description": "Number of micro-expressions among them"},
    "n_macro": {"Description": "Number of macro-expressions among them"},
    "n_excluded": {"Description": "Number of events with an exclusion reason"},
}

README = """\
{name}
{line}

EEG and peripheral physiology of people who watched emotional videos with a neutral face, with the
micro- and macro-expressions that coders found in the video of their faces.

Participants: {n_written} written, {n_failed} left out because their files could not be read.

Signals are raw: neither filtered, re-referenced nor cleaned.

Clocks
------
Every time is in seconds from the first sample of the participant's EEG.
The peripheral device has a clock of its own, aligned by the trigger codes that both devices
stored. Its samples are not resampled. StartTime and SamplingFrequency of each _physio.json are
those of the EEG clock, drift included: sample i lies at StartTime + i / SamplingFrequency. The
device's own rate and the fitted line are under the key Device. Where the device was paused there
is one table for each stretch (recording-biopac1, recording-biopac2, ...).
Expressions were placed by the wall clock of the face camera; the column onset_sd states how
precisely.

Left out on purpose
-------------------
Dates and times of day, names and codes of participants, serial numbers, remarks and event marks
typed during the recording, names of the original files, and annotations of the EEG that are not
trigger codes. source_row and source_rows count {rows}.

Written by {generator} {version} with MNE-BIDS:
Appelhoff, S. et al. (2019). MNE-BIDS: Organizing electrophysiological data into the BIDS format and
facilitating their analysis. Journal of Open Source Software 4:1896. doi:10.21105/joss.01896
Pernet, C. R. et al. (2019). EEG-BIDS, an extension to the brain imaging data structure for
electroencephalography. Scientific Data 6:103. doi:10.1038/s41597-019-0104-8
"""


def write_dataset_files(
    root: Path,
    participants: pd.DataFrame,
    *,
    task: str,
    details: DatasetDetails,
    n_failed: int,
    pseudonyms: bool,
) -> None:
    """Write description, participants, events' columns, README and CHANGES.

    Parameters
    ----------
    root : Path
        Folder of the dataset.
    participants : DataFrame
        One row per participant with the columns of `PARTICIPANT_FIELDS`.
    task : str
        BIDS label of the task.
    details : DatasetDetails
        What no recording says.
    n_failed : int
        How many participants were left out.
    pseudonyms : bool
        Whether rows of the annotation sheet were counted anew.
    """
    write_json(root / DESCRIPTION_FILE, _description(details), allow_nan=False)
    write_tsv(root / "participants.tsv", participants[list(PARTICIPANT_FIELDS)])
    write_json(root / "participants.json", PARTICIPANT_FIELDS, allow_nan=False)
    write_json(root / f"task-{task}_events.json", event_sidecar(), allow_nan=False)
    rows = "the participant's own rows of the annotation sheet" if pseudonyms else "its rows"
    readme = README.format(
        name=details.name,
        line="=" * len(details.name),
        n_written=len(participants),
        n_failed=n_failed,
        generator=GENERATOR,
        version=version(GENERATOR),
        rows=rows,
    )
    (root / "README").write_text(readme, encoding="utf-8", newline="\n")
    changes = f"1.0.0\n  - Written by {GENERATOR} {version(GENERATOR)} from the recordings.\n"
    (root / "CHANGES").write_text(changes, encoding="utf-8", newline="\n")


def _description(details: DatasetDetails) -> dict[str, object]:
    """Content of ``dataset_description.json``."""
    authors = {"Authors": list(details.authors)} if details.authors else {}
    return {
        "Name": details.name,
        "BIDSVersion": BIDS_VERSION,
        "HEDVersion": HED_VERSION,
        "DatasetType": "raw",
        "License": details.license,
        **authors,
        "GeneratedBy": [
            {"Name": GENERATOR, "Version": version(GENERATOR)},
            {"Name": "MNE-BIDS", "Version": version("mne-bids")},
        ],
    }

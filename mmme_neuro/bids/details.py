"""What a dataset's description says that no recording does."""

from dataclasses import dataclass


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
        Licence of the data.
    eeg_reference, eeg_ground, eeg_manufacturer : str
        Reference and ground electrode, maker of the amplifier.
    line_frequency_hz : float
        Frequency of the mains (Hz).
    task_description, instructions : str
        What participants did and were told.
    """

    name: str = "Facial micro- and macro-expressions with EEG and peripheral physiology"
    authors: tuple[str, ...] = ()
    license: str = "n/a"
    eeg_reference: str = "n/a"
    eeg_ground: str = "n/a"
    eeg_manufacturer: str = "n/a"
    line_frequency_hz: float = 50.0
    task_description: str = "Watching emotional videos while the face is filmed"
    instructions: str = "Keep a neutral face"

from .dataset_files import DatasetDetails
from .export import BidsDataset, write_bids
from .read import read_bids_recording

__all__ = [
    "BidsDataset",
    "DatasetDetails",
    "read_bids_recording",
    "write_bids",
]

"""A study as a BIDS dataset, and a participant's recording back from one."""

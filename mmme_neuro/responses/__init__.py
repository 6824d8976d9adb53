"""Event-locked responses: evoked, time-frequency, connectivity, autonomic."""

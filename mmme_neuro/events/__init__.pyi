from .audit import EventAudit, audit_events
from .controls import clip_spans, control_events
from .crowding import overlap_table
from .databases import database_table
from .describe import Description, describe_events, named_action_units
from .passes import left_out_rows, merge_passes
from .pseudonyms import pseudonymous, pseudonyms
from .ratings import read_ratings
from .sheet import SheetColumns, read_events, sheet_columns
from .times import event_seconds

__all__ = [
    "Description",
    "EventAudit",
    "SheetColumns",
    "audit_events",
    "clip_spans",
    "control_events",
    "database_table",
    "describe_events",
    "event_seconds",
    "left_out_rows",
    "merge_passes",
    "named_action_units",
    "overlap_table",
    "pseudonymous",
    "pseudonyms",
    "read_events",
    "read_ratings",
    "sheet_columns",
]

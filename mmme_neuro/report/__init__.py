"""What was found?

The HTML report, the methods text, the numbers of the manuscript, and what a run used.

* ``document``: The report as one file, with its script.
* ``methods``: Methods text, every number of which comes from what a run used and the study's
  constants.
* ``constants``: Every constant of a study and of the methods, and versions of the software.
* ``manuscript``: Every number of the manuscript, as text with its unit and interval.
* ``papertables``: Tables of the manuscript, as texts.
* ``sheet``: Description of an annotation sheet: an audit, tables and a figure.
* ``results``: Results folder as the report reads it: tables without names, figures with captions.
* ``quantities``: Quantities and tables as text, for a manuscript that computes nothing.
* ``formats``: Columns that several tables of the report share.
* ``markup``: Pieces of HTML: paragraphs, notices, tables with readable numbers, figures with
  captions.
* ``sections``: What stands in each part of the report?
"""

import lazy_loader as _lazy

__getattr__, __dir__, __all__ = _lazy.attach_stub(__name__, __file__)

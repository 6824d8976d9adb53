"""How does a device or a coder store it?

Writers of the files that a lab hands over.

* ``curry_file``: A continuous recording in Neuroscan's Curry 8 layout: data, header and event
  list.
* ``acqknowledge_file``: A physiological recording in the layout of AcqKnowledge's MATLAB export.
* ``devices``: Device clocks and trigger lines: what each device stores of the codes it was sent.
* ``sheet_file``: Annotation sheet of a simulated study: what two fallible coders write of the
  true events.
"""

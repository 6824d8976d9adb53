"""What do these columns of text say?

Numbers of any country's writing, their times, and tables with a layout of their own.

* ``delimited``: Numbers in delimited text, as the programs of any country write them.
* ``sample_times``: Sampling rate from a column of times, and samples at that rate.
* ``empatica``: Recordings of Empatica's wristbands: one table per sensor, its header two lines of
  numbers.
"""

"""The manuscript: prose in Typst, every number and figure from the results."""

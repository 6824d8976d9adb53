"""The analysis of the study, one numbered script a step."""

"""The results of a job in Python: read back from its files, and as tables of data frame libraries.

`read_results` reads any output or journal, `to_arrow`, `to_polars` and `to_pandas` make tables of
results, and `show_progress` shows in a notebook how far a job is.
"""

"""What has changed between two results of the same addresses.

`snapshot` is what is compared of one result, `compare` decides what has changed, `table` keeps the
older ones small, `sources` reads them, `stream` brings both together, `tabular` and `page` show it.
"""

"""Data frames in, data frames out: for notebooks, and for the engines that hand out rows."""

"""Asks again what is due: the oldest and most changeable first, for as many sessions as are paid.

`order` decides, synchronously, what is bought next; `due` finds what is due; `job` does it.
"""

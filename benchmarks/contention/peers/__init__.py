"""The clients, each written as its documentation says: a coroutine function `run(job)` apiece.

All of them wait as long as a 429 asks wherever their library has a place for it.
"""

"""The processes of `bench_shared_limit.py`: an API that records, and members of a shared limit."""

"""The parts of `bench_contention.py`: the scenario, its server, and the clients that take it."""

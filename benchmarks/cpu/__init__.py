"""The parts of ``bench_cpu.py``: the server, the clients, and the child that measures one."""

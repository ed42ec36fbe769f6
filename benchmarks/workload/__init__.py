"""Workload W: its law, its facts, and the same by the peers."""

"""Fuzzing: whatever a stranger writes, the engine answers or refuses, and never falls over."""

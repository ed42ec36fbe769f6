"""The verbs of the command, by group: options in, one call to the engine, out. The engine itself is imported when a verb runs."""

"""The command line: parses flags, calls one use case, writes a report."""

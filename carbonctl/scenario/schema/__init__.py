"""The scenario file: which keys there are, and how each value is read."""

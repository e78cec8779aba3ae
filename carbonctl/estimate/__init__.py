"""Estimates: typed inputs in, frozen results out. Nothing here reads files or prints."""

"""The command line: flags in, one call, a report out."""

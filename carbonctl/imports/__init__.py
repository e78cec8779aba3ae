"""Import of logs and tables of other tools: detect the format, read, write a scenario."""

"""The hardware_db: its location, reading of records and tables, and the rules they must pass."""

"""The hardware_db: where it is, how a record is read, and what every record must obey."""

"""Work, time, energy and operating point of serving."""

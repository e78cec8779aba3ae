"""Work, memory and device-hours of training."""

"""Services: load, device, model and what is stated of their operating point."""

"""Serving: from load and operating point to device-hours and energy."""

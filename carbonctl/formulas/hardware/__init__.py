"""Power of devices, and carbon of manufacturing, transport and end of life."""

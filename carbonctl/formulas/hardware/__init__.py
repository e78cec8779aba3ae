"""Power of devices, and carbon of making, moving and discarding them."""

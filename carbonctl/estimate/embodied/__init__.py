"""Hardware from manufacturing to end of life, part by part."""

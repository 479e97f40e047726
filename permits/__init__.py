"""What a permit is: pure rules of the permit office, without I/O, clock or engine."""

"""What touches the world: every activity is safe to run twice, and is given what it needs by the worker."""

"""What runs: the composition root of the two worker processes, the reconciler, the interceptors."""

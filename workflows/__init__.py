"""What happens next: the durable life of a permit. Deterministic; imports permits and, passed through, activities."""

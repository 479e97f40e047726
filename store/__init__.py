"""What we keep: PostgreSQL rows, the objects they name, and the writes that are safe to repeat."""

"""Clients of outside bodies; each sorts its failures into retry, slow down, never again."""

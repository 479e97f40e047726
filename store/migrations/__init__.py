"""Numbered migrations: small, reversible, first expand and then contract, so that a running release keeps working."""

"""Reads, one module a screen. They change nothing, ask one session, and answer view models that are ready to show.

Words of events and all addresses are left to `api`; these models carry tags, facts and codes.
"""

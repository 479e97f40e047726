"""The command: starts the office's parts on one machine, runs the demonstration and checks letters from the shell.

It is the top of the house and may import every other room; no room imports it.
"""

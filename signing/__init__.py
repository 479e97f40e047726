"""PDF in, signed PDF out: the only room that touches keys, certificates and signatures.

PAdES (ETSI EN 319 142-1) over pyHanko, verdicts on foreign bytes, sealed activations and the demonstration authority.
Imports nothing of the other rooms; who may sign and what happens before and after is theirs.
"""

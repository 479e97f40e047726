"""One file a stage: what is asked there, and what each answer leads to."""

"""What a permit costs: our workflow against a floor on the same servers in the same run."""

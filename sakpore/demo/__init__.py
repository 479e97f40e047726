"""The demonstration: three permits from application to signed letter, over HTTP alone, by plainly fictional people."""

"""Ways to a guest's screen: one file each, none of which imports another but `base`."""

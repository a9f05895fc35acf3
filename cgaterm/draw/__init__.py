"""Screens to terminal escape bytes: the one encoder of the program."""

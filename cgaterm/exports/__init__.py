"""Screens as files: text, ansi, json, png."""

"""The real program, run as a subprocess on data folders of its own."""

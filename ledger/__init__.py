"""Takes a command, keeps its event, proves that nothing was changed."""

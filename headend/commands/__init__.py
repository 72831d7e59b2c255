"""Commands that work on a head-end's data from the command line, beside `loa serve`."""

"""The command line: one file per command; slow imports wait inside the commands."""

"""The command line: parse, call, print. Thin; what it does stands in the rooms below."""

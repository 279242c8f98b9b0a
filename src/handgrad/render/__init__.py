"""Document -> a format, one file a format; printers know nodes, never ops."""

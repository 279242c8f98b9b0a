"""Models from and to the libraries that people have: each file one of them, imported when it is used."""

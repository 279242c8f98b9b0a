"""Mathematics as data: nodes, documents and the symbol tables of the conventions."""

"""Nothing was written, or all of it was deleted: there is no Inflater."""

"""One kind of request, one file. Listing this folder is the product's table of contents."""

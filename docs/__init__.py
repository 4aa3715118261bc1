"""What people read about Roomwatch; `docs.writing` writes those pages of it that follow from the code."""

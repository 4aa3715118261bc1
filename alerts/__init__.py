"""The judgement and the post: what has changed, and who is owed a word."""

"""What there is to go by when it is asked whose fault a bad call was."""

"""How many machines do so many people want?  Pure: a demand and assumptions in, what they come to out."""

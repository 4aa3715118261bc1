"""All that is on record of one call, as one file: to hand on as evidence, and to put into another database."""

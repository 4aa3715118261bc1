"""Pages that follow from the code, and are committed, so that who reads them needs to build nothing.

    python -m docs.writing

Tests hold every one of them to the code.
"""

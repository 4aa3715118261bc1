"""Where does somebody land after they have logged in?

Where they wanted to go: a link in a page at night names a call and a second of it.  The address is one that anybody may
have written into a link, so it counts only if it is surely a path of ours; what browsers make of backslashes, control
characters or two slashes is not tried.
"""

FIRST_PAGE = "/"
LONGEST = 2000


def own_path(text: object) -> str:
    """Return a path of ours with its query, or that of the first page if the text is anything else."""
    return text if isinstance(text, str) and _is_own(text) else FIRST_PAGE


def _is_own(text: str) -> bool:
    path = text.partition("?")[0]
    return (
        text.startswith("/")
        and len(text) <= LONGEST
        and "//" not in path
        and "\\" not in text
        and all("!" <= character <= "~" for character in text)
    )

"""Write every page anew that follows from the code: `python -m docs.writing`."""

from docs.writing.pages import FOLDER, PAGES

if __name__ == "__main__":
    for name, written in PAGES.items():
        (FOLDER / name).write_text(written(), encoding="utf-8")

"""What is shown to a browser that nobody is logged in with?

The built form, with what went wrong and with where to go afterwards, under a policy that allows its own style and
nothing else.
"""

import re
from base64 import b64encode
from hashlib import sha256
from html import escape

_STYLE = re.compile(r"<style>(.*?)</style>", re.DOTALL)


def shown(page: str, message: str, next_path: str) -> str:
    """Return the form; `message` says what went wrong, or nothing."""
    said = f'<p class="message" role="alert">{escape(message)}</p>' if message else ""
    return page.replace("<!--message-->", said).replace("<!--next-->", escape(next_path))


def headers(page: str) -> dict[str, str]:
    """Return what a browser has to know about the form."""
    hashes = [b64encode(sha256(style.encode()).digest()).decode() for style in _STYLE.findall(page)]
    styles = " ".join(f"'sha256-{each}'" for each in hashes)
    policy = (
        f"default-src 'none'; style-src {styles}; img-src data:; form-action 'self'; frame-ancestors 'none';"
        " base-uri 'none'"
    )
    return {
        "Content-Security-Policy": policy,
        "Referrer-Policy": "same-origin",
        "X-Content-Type-Options": "nosniff",
        "Cache-Control": "no-store",
    }

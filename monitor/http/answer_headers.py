"""Which headers does every answer have, whoever gives it?

What a browser is told so that it does with an answer what was meant and nothing else.  A door that knows better says so
itself, and is not overruled: pages have a policy of their own, the SDK may be had by any site.

`Server` names no version.  HSTS is said where it is true: where TLS is ours, or a trusted proxy says that it was asked
over https.  What nobody has thought about is not to be kept anywhere.
"""

from collections.abc import Callable, Mapping, Sequence

from aiohttp import web

from monitor.http.proxies import TrustedProxies

#: For every answer of either listener, also to what is no HTTP.
ALWAYS: Mapping[str, str] = {
    "Server": "roomwatch",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
    "Permissions-Policy": "accelerometer=(), camera=(), display-capture=(), geolocation=(), gyroscope=(), "
    "magnetometer=(), microphone=(), payment=(), usb=()",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}
_FOR_ANY_SITE = ("/v1/", "/sdk/")  # what pages of others post to, and what they load
HSTS = "Strict-Transport-Security"

NONE: Mapping[str, str] = {}


class AnswerHeaders:
    """Completes the headers of answers; to be called by aiohttp before each goes out.

    Args:
        proxies: whose word counts on how a client asked them.
        hsts_s: for how long a browser is to come by https only; 0: as it likes.
        is_always_https: whether nobody gets here otherwise, by the configuration.
        own: returns what a configuration wants instead, at this moment.
    """

    def __init__(
        self,
        proxies: TrustedProxies,
        hsts_s: int = 0,
        *,
        is_always_https: bool = False,
        own: Callable[[], Mapping[str, str]] = lambda: NONE,
    ) -> None:
        self._proxies = proxies
        self._is_always_https = is_always_https
        self._hsts = f"max-age={hsts_s}" if hsts_s else ""
        self._own = own

    async def __call__(self, request: web.Request, response: web.StreamResponse) -> None:
        """Add what an answer does not say by itself."""
        headers = response.headers
        headers["Server"] = ALWAYS["Server"]  # the library has named itself there
        for name, value in ALWAYS.items():
            headers.setdefault(name, value)
        if request.path.startswith(_FOR_ANY_SITE):
            headers["Cross-Origin-Resource-Policy"] = "cross-origin"
        if self._hsts and (self._is_always_https or self.is_https(request)):
            headers.setdefault(HSTS, self._hsts)
        headers.update(self._own())

    def is_https(self, request: web.Request) -> bool:
        """Whether a client asked over TLS, of us or of a trusted proxy."""
        return request.secure or self._proxies.scheme(request.remote or "", said_of(request)) == "https"


def said_of(request: web.Request) -> Callable[[str], Sequence[str]]:
    """Return what gives all that a header says, by its name."""
    return lambda name: request.headers.getall(name, ())


def on_the_wire(*, hsts_s: int) -> bytes:
    """Return what answers to telemetry say of this, as bytes: those of headers that matter to a script."""
    wanted = ("X-Content-Type-Options", "Referrer-Policy", "Content-Security-Policy", "Cache-Control")
    headers = {name: ALWAYS[name] for name in wanted} | {"Cross-Origin-Resource-Policy": "cross-origin"}
    if hsts_s:
        headers[HSTS] = f"max-age={hsts_s}"
    return "".join(f"{name}: {value}\r\n" for name, value in headers.items()).encode()

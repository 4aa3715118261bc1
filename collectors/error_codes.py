"""What does this error code of Twilio's mean, and what is to be done about it?

One table of the codes that Video, its SDKs and the REST API beneath it speak in.  `explain` looks a code up, and says
what its range tells where the table does not know it.  `docs/error-codes.md` is this table, written out.
"""

from collections.abc import Iterator
from enum import StrEnum
from typing import NamedTuple


class Kind(StrEnum):
    """What an error is about."""

    TOKEN = "token"  # noqa: S105 - a participant's access token, as a topic
    SIGNALING = "signaling"
    ROOM = "room"
    PARTICIPANT = "participant"
    TRACK = "track"
    MEDIA = "media"
    CONFIGURATION = "configuration"
    API = "api"


class Stage(StrEnum):
    """When an error strikes."""

    JOIN = "join"  # somebody does not get into the room
    CALL = "call"  # somebody who is in the room loses something, or is out of it
    OUTSIDE = "outside"  # no call is touched: a REST request, a composition, a quota


class ErrorCode(NamedTuple):
    """One code: what it is called, what it means, and what to do; `is_trouble` is False for an ordinary ending.

    `code` is None where there was no error at all, and `stage` is None where the code alone does not tell.
    """

    code: int | None
    name: str
    kind: Kind
    stage: Stage | None
    meaning: str
    remedy: str
    is_trouble: bool = True


def explain(code: int | None) -> ErrorCode:
    """Return what is known of a code: all of it from the table, or as much as its range tells."""
    if code is None:
        return NO_ERROR
    return BY_CODE.get(code) or _unknown(code)


def is_trouble(code: int | None) -> bool:
    """Whether something went wrong: False where somebody left, was removed, or the room was over."""
    return explain(code).is_trouble


def stage(code: int | None) -> Stage | None:
    """Return when the error strikes, or None where the code alone does not tell."""
    return explain(code).stage


NO_ERROR = ErrorCode(
    None,
    "No error code",
    Kind.PARTICIPANT,
    Stage.CALL,
    "No error was named: as a rule the participant's own client left on purpose.",
    "Nothing is to be done, unless it was not meant: then look at the client's own log.",
    is_trouble=False,
)

_TOKEN = (
    ErrorCode(
        20101,
        "Access token invalid",
        Kind.TOKEN,
        Stage.JOIN,
        "The access token could not be read or checked at all.",
        "Look at how the server mints tokens: account SID, API key SID and API secret have to belong together, and the "
        "key must exist and not be a restricted one, which cannot sign tokens.",
    ),
    ErrorCode(
        20102,
        "Access token header invalid",
        Kind.TOKEN,
        Stage.JOIN,
        "The header of the access token is not the one that Twilio's tokens have.",
        "Mint tokens with one of Twilio's libraries, or write the header as they do: HS256 and cty twilio-fpa;v=1.",
    ),
    ErrorCode(
        20103,
        "Access token issuer or subject invalid",
        Kind.TOKEN,
        Stage.JOIN,
        "The API key or the account that the token names is unknown, or they do not belong together.",
        "Check that the key was not revoked and is a key of the very account (or subaccount) and region in use.",
    ),
    ErrorCode(
        20104,
        "Access token expired",
        Kind.TOKEN,
        Stage.JOIN,
        "The access token is past its end, or its end is not a valid time; a client that reconnects needs a valid one.",
        "Mint tokens that outlive the longest call, up to 24 hours, and fetch a fresh one before each join. If it "
        "strikes at once, compare the clock of the server that mints them.",
    ),
    ErrorCode(
        20105,
        "Access token not yet valid",
        Kind.TOKEN,
        Stage.JOIN,
        "The access token begins to be valid only in the future.",
        "Set the clock of the server that mints tokens by NTP, or leave nbf out.",
    ),
    ErrorCode(
        20106,
        "Access token grants invalid",
        Kind.TOKEN,
        Stage.JOIN,
        "The token does not grant what was asked for: it lacks the video grant, the identity, or names another room.",
        "Put a video grant and an identity into the token, and check the room that the grant names.",
    ),
    ErrorCode(
        20107,
        "Access token signature invalid",
        Kind.TOKEN,
        Stage.JOIN,
        "The token was not signed with the secret of the API key that it names.",
        "Check that API key SID and secret belong together; after a rotation every server needs the new secret.",
    ),
    ErrorCode(
        20151,
        "Authentication failed",
        Kind.TOKEN,
        Stage.JOIN,
        "Twilio's authentication refused the token without saying why.",
        "Check key, secret and account of the token as for 20101, and try a freshly minted one.",
    ),
    ErrorCode(
        20157,
        "Access token lives too long",
        Kind.TOKEN,
        Stage.JOIN,
        "The token claims to be valid for longer than Twilio allows.",
        "Let tokens live for 24 hours at most.",
    ),
)

_API = (
    ErrorCode(
        20001,
        "Parameter invalid",
        Kind.API,
        Stage.OUTSIDE,
        "A REST request carried a parameter that Twilio does not know or does not accept.",
        "Read the message of the answer: it names the parameter. The request is wrong and fails again unchanged.",
    ),
    ErrorCode(
        20003,
        "Not authenticated",
        Kind.API,
        Stage.OUTSIDE,
        "The credentials of a REST request are wrong, revoked, or not allowed to do this.",
        "Run `roomwatch doctor`: it says which key is refused and for what. A suspended account looks the same.",
    ),
    ErrorCode(
        20004,
        "Method not allowed",
        Kind.API,
        Stage.OUTSIDE,
        "The resource exists, but not for this HTTP method.",
        "Correct the request; it fails again unchanged.",
    ),
    ErrorCode(
        20005,
        "Account not active",
        Kind.API,
        Stage.OUTSIDE,
        "The account is suspended or closed.",
        "Look at the account in Twilio's console: a balance, a payment or a review is waiting for somebody.",
    ),
    ErrorCode(
        20006,
        "Access denied",
        Kind.API,
        Stage.OUTSIDE,
        "The credentials are valid, but not for this account or this resource.",
        "Use a key of the account that owns the resource; a subaccount's key opens the subaccount only.",
    ),
    ErrorCode(
        20008,
        "Test credentials not accepted",
        Kind.API,
        Stage.OUTSIDE,
        "The request was made with an account's test credentials, which Video does not serve.",
        "Configure an API key or the live auth token.",
    ),
    ErrorCode(
        20403,
        "Forbidden",
        Kind.API,
        Stage.OUTSIDE,
        "The credentials are valid, but what was asked for is not allowed to them or not enabled for the account.",
        "Give the API key the permission that is missing, or have the feature enabled for the account.",
    ),
    ErrorCode(
        20404,
        "Not found",
        Kind.API,
        Stage.OUTSIDE,
        "There is no such resource in this account, or not any more.",
        "Check the SID, the account and the region. A room is found by its name only while it is in progress.",
    ),
    ErrorCode(
        20429,
        "Too many requests",
        Kind.API,
        Stage.OUTSIDE,
        "The account asks more often, or more at once, than Twilio allows; the request was not carried out.",
        "Repeat it later, with growing pauses. Lower requests_per_s, and let callbacks replace polling: all keys of "
        "the account, your own application's too, share 80 reads and 20 writes a second.",
    ),
    ErrorCode(
        20500,
        "Internal server error",
        Kind.API,
        Stage.OUTSIDE,
        "Twilio failed to carry out a REST request.",
        "Repeat reads. Before repeating a write, look whether it was done after all.",
    ),
    ErrorCode(
        59004,
        "Too many webhook configuration requests",
        Kind.API,
        Stage.OUTSIDE,
        "The rate limit of the API that configures webhooks was exceeded.",
        "Wait for as many seconds as the Retry-After header says, and change settings one by one.",
    ),
)

_SIGNALING = (
    ErrorCode(
        53000,
        "Signaling connection failed",
        Kind.SIGNALING,
        Stage.JOIN,
        "The client could not establish its signaling connection, a WebSocket, to Twilio.",
        "Check that the client's network lets WebSockets over TLS to Twilio pass: proxies and VPNs are the usual "
        "suspects. If it strikes many networks at once, see status.twilio.com.",
    ),
    ErrorCode(
        53001,
        "Signaling connection lost",
        Kind.SIGNALING,
        Stage.CALL,
        "The signaling connection broke during a call; the client tries to come back for about 30 seconds.",
        "One person: their network changed or failed. Many at once: look for what they share, such as an office, an "
        "internet provider or a region.",
    ),
    ErrorCode(
        53002,
        "Signaling timed out",
        Kind.SIGNALING,
        Stage.JOIN,
        "Twilio did not answer the client's signaling in time.",
        "Try again; if it strikes often, look at the client's latency and at the signaling region it connects to.",
    ),
    ErrorCode(
        53003,
        "Incoming signaling message invalid",
        Kind.SIGNALING,
        Stage.CALL,
        "The client received a signaling message that it could not read.",
        "Update the SDK; if it stays, report it to Twilio with the room's SID.",
    ),
    ErrorCode(
        53004,
        "Outgoing signaling message invalid",
        Kind.SIGNALING,
        Stage.CALL,
        "Twilio received a signaling message from the client that it could not read.",
        "Update the SDK; if it stays, report it to Twilio with the room's SID.",
    ),
    ErrorCode(
        53006,
        "Video server busy",
        Kind.SIGNALING,
        Stage.JOIN,
        "Twilio's video servers were too busy to take the client in.",
        "Let the client try again after a few seconds; if it lasts, see status.twilio.com.",
    ),
)

_ROOM = (
    ErrorCode(
        53100,
        "Room name invalid",
        Kind.ROOM,
        Stage.JOIN,
        "The name of the room is not one that Twilio accepts.",
        "Check where the application makes room names.",
    ),
    ErrorCode(
        53101,
        "Room name too long",
        Kind.ROOM,
        Stage.JOIN,
        "The name of the room is longer than 128 characters.",
        "Shorten the names that the application makes.",
    ),
    ErrorCode(
        53102,
        "Room name has invalid characters",
        Kind.ROOM,
        Stage.JOIN,
        "The name of the room contains characters that Twilio does not accept.",
        "Check where the application makes room names.",
    ),
    ErrorCode(
        53103,
        "Room could not be created",
        Kind.ROOM,
        Stage.JOIN,
        "The room does not exist and was not made: ad-hoc rooms are switched off, or its features are not available.",
        "Create the room by REST before people join, or allow ad-hoc rooms in the console's room settings.",
    ),
    ErrorCode(
        53104,
        "Room could not be connected to",
        Kind.ROOM,
        Stage.JOIN,
        "The client reached Twilio, but was not let into the room.",
        "Try again; if it lasts, check that the room is in progress and in the account that minted the token.",
    ),
    ErrorCode(
        53105,
        "Room full",
        Kind.ROOM,
        Stage.JOIN,
        "The room already holds as many participants as it may.",
        "Raise MaxParticipants when the room is created, up to 50, or look for participants who joined twice.",
    ),
    ErrorCode(
        53106,
        "Room not found",
        Kind.ROOM,
        Stage.JOIN,
        "There is no such room in progress.",
        "Check that the room has not ended, that name and account agree, and that it was created before the join.",
    ),
    ErrorCode(
        53107,
        "MaxParticipants out of range",
        Kind.ROOM,
        Stage.OUTSIDE,
        "A room was to be created for more or fewer participants than its type allows.",
        "Ask for 1 to 50 participants.",
    ),
    ErrorCode(
        53108,
        "Room type invalid",
        Kind.ROOM,
        Stage.OUTSIDE,
        "A room was to be created of a type that does not exist.",
        "Create rooms of type group, which is the only one for new accounts.",
    ),
    ErrorCode(
        53109,
        "Timeout out of range",
        Kind.ROOM,
        Stage.OUTSIDE,
        "A timeout of a room to be created is out of its range.",
        "Give EmptyRoomTimeout and UnusedRoomTimeout in minutes, 1 to 60.",
    ),
    ErrorCode(
        53110,
        "StatusCallbackMethod invalid",
        Kind.ROOM,
        Stage.OUTSIDE,
        "A room was to be created with a callback method other than GET or POST.",
        "Use POST, which is what Roomwatch takes.",
    ),
    ErrorCode(
        53111,
        "StatusCallback invalid",
        Kind.ROOM,
        Stage.OUTSIDE,
        "A room was to be created with a callback URL that Twilio cannot use.",
        "Give a complete address that Twilio can reach; `roomwatch doctor` says which one.",
    ),
    ErrorCode(
        53112,
        "Status invalid",
        Kind.ROOM,
        Stage.OUTSIDE,
        "A room was to be changed to a status that it cannot take, or it is over already.",
        "The only change is from in-progress to completed; a room that is over needs none.",
    ),
    ErrorCode(
        53113,
        "Room exists",
        Kind.ROOM,
        Stage.OUTSIDE,
        "A room of that name is in progress already.",
        "Use the room that is there, or give each call a name of its own.",
    ),
    ErrorCode(
        53114,
        "Parameters do not suit the room type",
        Kind.ROOM,
        Stage.OUTSIDE,
        "A room was to be created with parameters that its type does not have.",
        "Leave out what the type does not support, or create a room of type group.",
    ),
    ErrorCode(
        53115,
        "Media region invalid",
        Kind.ROOM,
        Stage.OUTSIDE,
        "A room was to be created in a media region that does not exist.",
        "Give one of Twilio's media regions, such as us1, ie1 or gll for the nearest.",
    ),
    ErrorCode(
        53116,
        "No media server in the region",
        Kind.ROOM,
        Stage.JOIN,
        "Twilio has no media server free in the room's media region.",
        "Create the room in another region, or in gll for the nearest that has room; see status.twilio.com.",
    ),
    ErrorCode(
        53117,
        "Subscription operation not supported",
        Kind.ROOM,
        Stage.OUTSIDE,
        "Subscriptions were to be changed in a type of room that does not support it.",
        "Use subscribe rules in rooms of type group only.",
    ),
    ErrorCode(
        53118,
        "Room completed",
        Kind.ROOM,
        Stage.CALL,
        "The room is over: somebody completed it, or it reached its longest duration.",
        "Nothing is to be done, unless the room should have gone on: then look for who completes rooms by REST.",
        is_trouble=False,
    ),
    ErrorCode(
        53119,
        "Too many rooms at once",
        Kind.ROOM,
        Stage.JOIN,
        "The account has as many rooms in progress as its quota allows, so no further one begins.",
        "Complete rooms that nobody needs any more, and ask Twilio for a larger quota before the next peak.",
    ),
    ErrorCode(
        53120,
        "Recording rules invalid",
        Kind.ROOM,
        Stage.OUTSIDE,
        "The recording rules that were given to a room are not well formed.",
        "Give 1 to 20 rules, each with a type; a rule over all tracks names nothing else.",
    ),
    ErrorCode(
        53121,
        "Room quota nearly used up",
        Kind.ROOM,
        Stage.OUTSIDE,
        "The account has reached 70 % of the rooms that it may have in progress at once; nothing has failed yet.",
        "Complete rooms that nobody needs any more, and ask Twilio for a larger quota before it refuses (53119).",
    ),
    ErrorCode(
        53122,
        "Recording operation not supported",
        Kind.ROOM,
        Stage.OUTSIDE,
        "Recording was to be changed in a type of room that is not recorded.",
        "Record rooms of type group only.",
    ),
    ErrorCode(
        53124,
        "AudioOnly not supported",
        Kind.ROOM,
        Stage.OUTSIDE,
        "An audio-only room was to be created of a type that cannot be audio-only.",
        "Create audio-only rooms of type group.",
    ),
    ErrorCode(
        53125,
        "Track kind not supported",
        Kind.ROOM,
        Stage.CALL,
        "Somebody publishes a kind of track that the room does not take, such as video in an audio-only room.",
        "Do not publish video in audio-only rooms, or create the room without AudioOnly.",
    ),
)

_PARTICIPANT = (
    ErrorCode(
        53200,
        "Identity invalid",
        Kind.PARTICIPANT,
        Stage.JOIN,
        "The identity in the access token is not one that Twilio accepts.",
        "Check where the server that mints tokens takes the identity from.",
    ),
    ErrorCode(
        53201,
        "Identity too long",
        Kind.PARTICIPANT,
        Stage.JOIN,
        "The identity in the access token is longer than 128 characters.",
        "Use a short identifier as the identity, and keep names and the like in the application.",
    ),
    ErrorCode(
        53202,
        "Identity has invalid characters",
        Kind.PARTICIPANT,
        Stage.JOIN,
        "The identity in the access token contains characters that Twilio does not accept.",
        "Check where the server that mints tokens takes the identity from.",
    ),
    ErrorCode(
        53203,
        "Too many tracks published",
        Kind.PARTICIPANT,
        Stage.CALL,
        "The room holds as many published tracks as it may; the further one was not published.",
        "Unpublish tracks that are not in use, and let large audiences listen only.",
    ),
    ErrorCode(
        53204,
        "Removed from the room",
        Kind.PARTICIPANT,
        Stage.CALL,
        "The participant is not in the room any more: somebody removed it by REST.",
        "Nothing is to be done, unless nobody meant it: then look for what in the application removes participants.",
        is_trouble=False,
    ),
    ErrorCode(
        53205,
        "Same identity joined again",
        Kind.PARTICIPANT,
        Stage.CALL,
        "Somebody joined with the same identity, so the earlier connection was ended: a reload, or a second device.",
        "Nothing is to be done; if two people share an identity, give each their own.",
        is_trouble=False,
    ),
    ErrorCode(
        53206,
        "Too many participants at once",
        Kind.PARTICIPANT,
        Stage.JOIN,
        "The account has as many participants connected as its quota allows, in all rooms together.",
        "Complete rooms that nobody needs any more, and ask Twilio for a larger quota before the next peak.",
    ),
    ErrorCode(
        53207,
        "MaxPublishedTracks out of range",
        Kind.PARTICIPANT,
        Stage.OUTSIDE,
        "A room was to be created for more published tracks than its type allows.",
        "Lower the number, or leave it out.",
    ),
    ErrorCode(
        53216,
        "Session too long",
        Kind.PARTICIPANT,
        Stage.CALL,
        "The participant was in the room for as long as the room's MaxParticipantDuration allows, and was put out.",
        "Raise MaxParticipantDuration when the room is created (4 hours unless said, up to 24), or let clients rejoin.",
    ),
)

_TRACK = (
    ErrorCode(
        53300,
        "Track invalid",
        Kind.TRACK,
        Stage.CALL,
        "A track was not published, since Twilio could not make sense of it.",
        "Look at what the application publishes; update the SDK.",
    ),
    ErrorCode(
        53301,
        "Track name invalid",
        Kind.TRACK,
        Stage.CALL,
        "A track was not published, since Twilio does not accept its name.",
        "Check where the application names tracks.",
    ),
    ErrorCode(
        53302,
        "Track name too long",
        Kind.TRACK,
        Stage.CALL,
        "A track was not published, since its name is longer than 128 characters.",
        "Shorten the names of tracks.",
    ),
    ErrorCode(
        53303,
        "Track name has invalid characters",
        Kind.TRACK,
        Stage.CALL,
        "A track was not published, since its name contains characters that Twilio does not accept.",
        "Check where the application names tracks.",
    ),
    ErrorCode(
        53304,
        "Track name in use",
        Kind.TRACK,
        Stage.CALL,
        "A track was not published, since the participant already publishes one of that name.",
        "Give every track of a participant its own name, or none.",
    ),
    ErrorCode(
        53305,
        "No capacity for tracks",
        Kind.TRACK,
        Stage.CALL,
        "Twilio's server has no capacity left for the track.",
        "Publish again after a moment; in large rooms publish and subscribe to fewer tracks.",
    ),
)

_MEDIA = (
    ErrorCode(
        53400,
        "Client could not prepare its media",
        Kind.MEDIA,
        Stage.CALL,
        "The browser or app could not create or apply its own description of media.",
        "Look at the client's console, and update browser and SDK; devices that vanish in the call cause it, too.",
    ),
    ErrorCode(
        53401,
        "Server could not prepare its media",
        Kind.MEDIA,
        Stage.CALL,
        "Twilio's server could not create or apply its own description of media.",
        "Let the client reconnect; if it comes back, report it to Twilio with the room's SID.",
    ),
    ErrorCode(
        53402,
        "Client could not accept the server's media",
        Kind.MEDIA,
        Stage.CALL,
        "The browser or app could not apply the description of media that Twilio's server sent.",
        "Update browser and SDK; a browser that is not supported is the usual cause.",
    ),
    ErrorCode(
        53403,
        "Server could not accept the client's media",
        Kind.MEDIA,
        Stage.CALL,
        "Twilio's server could not apply the description of media that the browser or app sent.",
        "Update browser and SDK; look for an application that rewrites descriptions of media.",
    ),
    ErrorCode(
        53404,
        "No codec in common",
        Kind.MEDIA,
        Stage.CALL,
        "A track cannot be received, since its codec is not one that this client has.",
        "Let VP8 and Opus be among the codecs of room and clients: every client has these.",
    ),
    ErrorCode(
        53405,
        "Media connection lost",
        Kind.MEDIA,
        Stage.CALL,
        "The media connection failed or went silent; the client tries to come back.",
        "One person: their network, or a firewall that lets no UDP and no TURN over TLS pass. Many at once: look for "
        "what they share, such as an office, an internet provider or a media region.",
    ),
    ErrorCode(
        53407,
        "Media encryption failed",
        Kind.MEDIA,
        Stage.CALL,
        "The handshake that encrypts the media (DTLS) failed.",
        "Look for a firewall or security software that inspects or drops DTLS between this client and Twilio.",
    ),
)

_CONFIGURATION = (
    ErrorCode(
        53500,
        "Configuration could not be fetched",
        Kind.CONFIGURATION,
        Stage.JOIN,
        "The client could not fetch its configuration from Twilio before joining.",
        "Check that the client's network lets HTTPS to Twilio pass, and that its token is valid.",
    ),
    ErrorCode(
        53501,
        "TURN credentials could not be fetched",
        Kind.CONFIGURATION,
        Stage.JOIN,
        "The client could not fetch credentials for the TURN relays, which strict firewalls make necessary.",
        "Check that the client's network lets HTTPS to Twilio pass, and that its token is valid.",
    ),
)

_COMPOSITION = (
    ErrorCode(
        53626,
        "Composition failed inside Twilio",
        Kind.API,
        Stage.OUTSIDE,
        "Twilio failed while it processed a composition.",
        "Create the composition again; if it fails again, report it to Twilio with its SID.",
    ),
    ErrorCode(
        53627,
        "Composition could not be updated",
        Kind.API,
        Stage.OUTSIDE,
        "A composition was made, but Twilio failed to write down that it is; its file is probably stored.",
        "Report it to Twilio with the composition's SID.",
    ),
    ErrorCode(
        53631,
        "Composition hook failed",
        Kind.API,
        Stage.OUTSIDE,
        "A composition hook could not create the composition of a room that ended.",
        "Check the hook against the room: was anything recorded? Create the composition by REST meanwhile.",
    ),
    ErrorCode(
        53632,
        "Composition could not be enqueued",
        Kind.API,
        Stage.OUTSIDE,
        "Twilio failed to enqueue a composition.",
        "Create the composition again; if it fails again, report it to Twilio with the room's SID.",
    ),
    ErrorCode(
        53633,
        "Composition too large",
        Kind.API,
        Stage.OUTSIDE,
        "The recordings chosen for a composition are larger together than Twilio can compose (40 GB).",
        "Exclude sources, or compose the call in parts.",
    ),
)

ERROR_CODES = (*_TOKEN, *_API, *_SIGNALING, *_ROOM, *_PARTICIPANT, *_TRACK, *_MEDIA, *_CONFIGURATION, *_COMPOSITION)
BY_CODE = {error.code: error for error in ERROR_CODES}


class _Range(NamedTuple):
    codes: range
    kind: Kind
    stage: Stage | None
    meaning: str


_LOOK_UP = "Look the code up in Twilio's error dictionary, https://www.twilio.com/docs/api/errors."
_RANGES = (
    _Range(range(20100, 20200), Kind.TOKEN, Stage.JOIN, "Something is wrong with the access token."),
    _Range(range(20000, 20600), Kind.API, Stage.OUTSIDE, "Twilio refused a REST request."),
    _Range(range(53000, 53100), Kind.SIGNALING, None, "Something is wrong with a client's signaling connection."),
    _Range(range(53100, 53200), Kind.ROOM, None, "Something is wrong with a room."),
    _Range(range(53200, 53300), Kind.PARTICIPANT, None, "Something is wrong with a participant."),
    _Range(range(53300, 53400), Kind.TRACK, Stage.CALL, "Something is wrong with a track."),
    _Range(range(53400, 53500), Kind.MEDIA, Stage.CALL, "Something is wrong with a client's media connection."),
    _Range(range(53500, 53600), Kind.CONFIGURATION, Stage.JOIN, "A client could not be configured before joining."),
    _Range(range(53600, 53700), Kind.API, Stage.OUTSIDE, "Something is wrong with a composition or a transcription."),
)
_ANY = _Range(range(0), Kind.API, None, "Nothing more is known here of this code.")


def _unknown(code: int) -> ErrorCode:
    known = next((each for each in _RANGES if code in each.codes), _ANY)
    return ErrorCode(code, f"Twilio error {code}", known.kind, known.stage, known.meaning, _LOOK_UP)


# --- the page --------------------------------------------------------------------------------------------

_INTRODUCTION = """\
# Twilio's error codes

What the codes of Twilio Video, its SDKs and its REST API mean, and what to do. `stage` says when an error strikes:
`join` means that somebody does not get into the room, `call` that somebody who is in the room loses something or is out
of it, `outside` that no call is touched; it is empty where the code alone does not tell. Codes marked as ordinary are
endings like any other, and no trouble.

This page is written by `python -m docs.writing` from the table in `collectors/error_codes`.
"""


def as_markdown() -> str:
    """Return the table as a page."""
    return "\n".join([_INTRODUCTION, *(line for kind in Kind for line in _section(kind))])


def _section(kind: Kind) -> Iterator[str]:
    yield f"## {kind.value.capitalize() if kind is not Kind.API else 'REST API'}\n"
    yield "| code | what it is | stage | what it means | what to do |"
    yield "|---|---|---|---|---|"
    for error in ERROR_CODES:
        if error.kind is kind:
            ordinary = "" if error.is_trouble else " (ordinary)"
            yield " | ".join(
                (f"| {error.code}", error.name + ordinary, error.stage or "", error.meaning, f"{error.remedy} |")
            )
    yield ""

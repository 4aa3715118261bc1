// What does Twilio's error code mean for the person whose call it was?

const WORDS: Readonly<Record<number, string>> = {
  20101: "access token invalid",
  20103: "access token has a wrong issuer or subject",
  20104: "access token expired",
  20105: "access token not valid yet",
  20106: "access token lacks the video grant",
  20107: "access token has a wrong signature",
  53000: "signaling connection failed",
  53001: "signaling connection lost",
  53002: "signaling timed out",
  53003: "received a signaling message it could not read",
  53004: "sent a signaling message that could not be read",
  53006: "Twilio's video server is busy",
  53103: "room could not be created",
  53104: "could not connect to the room",
  53105: "room is full",
  53106: "room not found",
  53116: "no media server free in the region",
  53118: "room was completed",
  53203: "too many tracks published",
  53204: "was removed from the room",
  53205: "same identity joined elsewhere",
  53216: "session reached its maximum length",
  53305: "server has no capacity left for tracks",
  53400: "browser could not prepare its media",
  53401: "server could not prepare its media",
  53402: "browser could not accept the server's media",
  53403: "server could not accept the browser's media",
  53404: "no codec in common",
  53405: "media connection lost",
  53407: "encryption handshake for media failed",
  53500: "configuration could not be fetched",
  53501: "relay (TURN) credentials could not be fetched",
};

/** Say the code in words, with the number beside them so that it can be looked up. */
export function twilioError(code: number): string {
  const words = WORDS[code];
  return words === undefined ? `Twilio error ${code}` : `${words} (${code})`;
}

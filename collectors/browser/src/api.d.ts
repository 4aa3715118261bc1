// What does an application call?  These types, and nothing else, are promised; dist/roomwatch.d.mts is this file.

/** As much of a Room of twilio-video 2.19 or newer as is looked at; the SDK's own `Room` fits. */
export interface TwilioRoom {
  readonly sid: string;
  readonly name: string;
  readonly state: string;
  readonly localParticipant: TwilioParticipant;
  readonly participants: ReadonlyMap<string, TwilioParticipant>;
  getStats(): Promise<readonly object[]>;
  on(event: string, listener: (...args: any[]) => void): unknown;
}

export interface TwilioParticipant {
  readonly sid: string;
  readonly identity: string;
  readonly signalingRegion?: string;
  readonly networkQualityLevel: number | null;
  readonly networkQualityStats: object | null;
  readonly tracks: ReadonlyMap<string, object>;
  on(event: string, listener: (...args: any[]) => void): unknown;
}

/** A room that could not be joined, or not yet: by what your application knows of it before there is a Room. */
export interface UnjoinedRoom {
  readonly name: string;
  readonly identity: string;
}

export interface Options {
  /** Where Roomwatch's public listener is, such as `https://watch.example.com`. */
  url: string;
  /** The participant's Twilio access token, or a function that brings one; it is called again after a 401. */
  token: string | (() => string | Promise<string>);
  /** How often `room.getStats()` is read; 10 000 unless told otherwise, 1 000 at least. */
  intervalMs?: number;
  /** How long events wait for company before they are sent; 2 000 unless told otherwise. */
  flushMs?: number;
  /** How many characters may wait for a daemon that is away; past that the oldest are dropped.  262 144 by default. */
  queueChars?: number;
  /** The share of rooms that is watched, 0 to 1; everybody in a room decides alike.  1 by default. */
  sample?: number;
  /** `Video.version`; found without help where twilio-video came by a script tag. */
  sdkVersion?: string;
}

export interface Feedback {
  /** 1 (worst) to 5. */
  rating?: number;
  /** 2 000 characters at most. */
  text?: string;
}

export interface Status {
  /** Events that the daemon has answered for. */
  sent: number;
  /** Events that wait to be sent, or for their answer. */
  waiting: number;
  /** Events that were dropped because too many waited, or because the daemon would not have them. */
  lost: number;
}

export interface Watcher {
  /** Listen no more, and send what is waiting. */
  stop(): void;
  /** Pass on what a person thinks of the call; works after the room was left, too. */
  feedback(feedback: Feedback): void;
  /** Pass on a report of Twilio's `runPreflight`; addresses in it are left out. */
  preflight(report: object): void;
  /**
   * Pass on what `createLocalTracks` or `connect` rejected with; `kind` says what was asked for, if it was one only.
   * Of an error of the browser's its name is sent, of one of Twilio's, where there is no room, its code.
   */
  failed(error: unknown, kind?: "audio" | "video"): void;
  status(): Status;
}

/**
 * Send the network quality of this room's participants, as this browser sees it, to Roomwatch.  Of an unjoined room only
 * what is passed on is sent.  Never throws.
 */
export function watch(room: TwilioRoom | UnjoinedRoom, options: Options): Watcher;

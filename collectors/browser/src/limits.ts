// Which limits does the SDK keep to?  Times in milliseconds, sizes in what their names say.

export const SHORTEST_INTERVAL_MS = 1_000;
export const TIMEOUT_MS = 30_000;
export const FIRST_BACKOFF_MS = 1_000;
export const LONGEST_BACKOFF_MS = 60_000;

/** As much as one post holds, so that it may be sent while the page goes away. */
export const POST_CHARS = 48_000;

/** Browsers allow 64 KiB of bodies to be under way when a page goes; the rest is for the application. */
export const KEEPALIVE_BYTES = 60_000;

/** By less a body gets no shorter. */
export const WORTH_PACKING_CHARS = 1_000;

/** From so many alike events on a series is shorter even when packed; of fewer, single ones are easier to read. */
export const WORTH_A_SERIES = 4;

export const FEEDBACK_CHARS = 2_000;

/** Twilio's error codes have five digits; those that browsers gave to their own errors have one or two. */
export const FIRST_TWILIO_CODE = 10_000;

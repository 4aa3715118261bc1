// From where on does a number deserve the eye?
//
// Only typography hangs on these: they page nobody.  300 ms round trip is twice the 150 ms one way up to which
// ITU-T G.114 calls conversation unharmed; 30 ms of jitter and 1 % of loss are the customary bounds for voice.

export const STRAINED_RTT_MS = 300;
export const STRAINED_JITTER_MS = 30;
export const STRAINED_LOSS_RATIO = 0.01;

export function isStrained(value: number | null, bound: number): boolean {
  return value !== null && value > bound;
}

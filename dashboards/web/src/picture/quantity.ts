// How is a measured value written?  With its unit, and with no more digits than it deserves.

export function milliseconds(value: number): string {
  return `${Math.round(value)} ms`;
}

/** A loss of 0.04 % is not "0 %": small ratios keep a digit, so that "some" never reads as "none". */
export function percent(ratio: number): string {
  const value = ratio * 100;
  if (value === 0) return "0 %";
  if (value < 0.1) return "< 0.1 %";
  return value < 10 ? `${value.toFixed(1)} %` : `${Math.round(value)} %`;
}

export function share(ratio: number): string {
  return `${Math.round(ratio * 100)} %`;
}

export function bitrate(bitsPerSecond: number): string {
  if (bitsPerSecond < 999_500) return `${Math.round(bitsPerSecond / 1000)} kb/s`;
  return `${(bitsPerSecond / 1_000_000).toFixed(1)} Mb/s`;
}

export function count(value: number): string {
  return value.toLocaleString("en-GB");
}

export function plural(value: number, one: string, many = `${one}s`): string {
  return `${count(value)} ${value === 1 ? one : many}`;
}

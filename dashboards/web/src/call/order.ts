// In which order do the lanes stand?

import type { Lane } from "./shapes.ts";
import type { Balance } from "./stands.ts";
import { nameOf } from "./words.ts";

export type Order = "came" | "worst";

/** Return the lanes as they came, or those who fared worst first: by how long they were low. */
export function ordered(lanes: readonly Lane[], order: Order, balanceOf: (lane: Lane) => Balance): Lane[] {
  if (order === "came") return [...lanes];
  const weight = (lane: Lane) => {
    const { lowMs, unknownMs, thereMs } = balanceOf(lane);
    return lowMs > 0 ? lowMs + 1 : unknownMs === thereMs ? 0.5 : 0;
  };
  return [...lanes].sort((a, b) => weight(b) - weight(a) || nameOf(a).localeCompare(nameOf(b)));
}

/** Whether somebody had any trouble worth looking at. */
export function hadTrouble({ lowMs, reconnects }: Balance): boolean {
  return lowMs > 0 || reconnects > 0;
}

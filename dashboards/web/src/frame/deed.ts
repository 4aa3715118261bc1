// Somebody wants something done: whether that is under way, and what is wrong if it was not.

import { useState } from "preact/hooks";
import { inWords, Refused } from "./asking.ts";

export interface Deed {
  isUnderWay: boolean;
  /** What is wrong, in words; empty when nothing is. */
  trouble: string;
  /** Do it; says whether that worked. */
  attempt: (deed: () => Promise<unknown>) => Promise<boolean>;
}

function sentence(error: unknown): string {
  const words = inWords(error);
  return error instanceof Refused && error.status === 403 ? `You may not do that: ${words}` : words;
}

export function useDeed(): Deed {
  const [isUnderWay, setUnderWay] = useState(false);
  const [trouble, setTrouble] = useState("");
  const attempt = async (deed: () => Promise<unknown>) => {
    setUnderWay(true);
    setTrouble("");
    try {
      await deed();
      return true;
    } catch (error) {
      setTrouble(sentence(error));
      return false;
    } finally {
      setUnderWay(false);
    }
  };
  return { isUnderWay, trouble, attempt };
}

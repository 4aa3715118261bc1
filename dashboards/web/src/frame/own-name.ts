// By which name does whoever looks say things?
//
// Whoever logged in has a name.  Who came by a token that several share types one, and is remembered for this browser.

import { useContext, useState } from "preact/hooks";
import { SessionContext } from "./session.ts";

const KEY = "roomwatch.name";

function remembered(): string {
  try {
    return localStorage.getItem(KEY) ?? "";
  } catch {
    return ""; // storage may be switched off
  }
}

function remember(name: string): void {
  try {
    localStorage.setItem(KEY, name);
  } catch {
    // then it is typed again
  }
}

/** Return the name, and how it is changed. */
export function useOwnName(): [string, (name: string) => void] {
  const session = useContext(SessionContext);
  const [typed, setTyped] = useState(remembered);
  const [isTyped, setIsTyped] = useState(typed !== "");
  const change = (name: string) => {
    setTyped(name);
    setIsTyped(true);
    remember(name.trim());
  };
  return [isTyped ? typed : (session?.name ?? ""), change];
}

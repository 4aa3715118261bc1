// What a page shows of an answer that is not there yet, was refused, or has become old.

import type { ComponentChildren } from "preact";
import type { Answer } from "./asking.ts";

interface AnsweredProps<T> {
  answer: Answer<T>;
  /** What is being asked for, as in "Asking for the incidents." */
  what: string;
  children: (value: T) => ComponentChildren;
}

export function Trouble({ words }: { words: string }) {
  return (
    <p class="trouble" role="alert">
      {words}
    </p>
  );
}

/** Say what may be missing in an answer, and why: what is there must not pass for the whole. */
export function Lacking({ words, remark = "" }: { words: string; remark?: string }) {
  if (words === "") return null;
  return (
    <section class="missing" role="status" aria-label="What may be missing here">
      <p>
        <strong>Not all that was measured can be shown.</strong> {words}. {remark}
      </p>
    </section>
  );
}

/** Show `children` of the last answer, under whatever is wrong with it by now. */
export function Answered<T>({ answer, what, children }: AnsweredProps<T>) {
  const { value, trouble } = answer;
  return (
    <>
      {trouble !== "" && <Trouble words={value === null ? trouble : `${trouble} This is the last answer there was.`} />}
      {value !== null && children(value)}
      {value === null && trouble === "" && <p class="loading">Asking for {what}.</p>}
    </>
  );
}

// What was given up, by receiver, and how it is owed again.

import { useRef, useState } from "preact/hooks";
import type { Notification, NotificationsPage } from "../api/notifications.ts";
import { Answered, Trouble } from "../frame/answer.tsx";
import { tell, useAnswer } from "../frame/asking.ts";
import { useDeed } from "../frame/deed.ts";
import { useMay } from "../frame/session.ts";
import { incidentAddress } from "../picture/address.ts";
import { plural } from "../picture/quantity.ts";
import { SaidLine } from "./said.tsx";

const EVERY_MS = 10_000;
const SHOWN = 200;

type Which = { ids: string[] } | { receiver: string };

function byReceiver(letters: readonly Notification[]): [string, Notification[]][] {
  const found = new Map<string, Notification[]>();
  for (const letter of letters) found.set(letter.receiver, [...(found.get(letter.receiver) ?? []), letter]);
  return [...found];
}

function replayed(count: number): string {
  if (count === 0) return "Nothing is owed again: a later word has made it pointless, or somebody else was quicker.";
  return `${plural(count, "notification")} ${count === 1 ? "is" : "are"} owed again. What became of it stands below in a moment.`;
}

interface LettersProps {
  receiver: string;
  letters: readonly Notification[];
  isAll: boolean;
  isUnderWay: boolean;
  replay: (which: Which) => void;
}

function LettersOf({ receiver, letters, isAll, isUnderWay, replay }: LettersProps) {
  const mayOperate = useMay("operator");
  return (
    <section class="letters" aria-label={`Given up for ${receiver}`}>
      <div class="section-head">
        <h4>{receiver}</h4>
        <span class="order">
          {isAll ? "" : "at least "}
          {plural(letters.length, "notification")}
        </span>
        {mayOperate && (
          <button type="button" disabled={isUnderWay} onClick={() => replay({ receiver })}>
            Replay all of {receiver}
          </button>
        )}
      </div>
      <ul class="said">
        {letters.map((letter) => (
          <li key={letter.id}>
            <SaidLine
              notification={letter}
              about={letter.is_test ? letter.summary : <a href={incidentAddress(letter.incident)}>{letter.summary}</a>}
            />
            {mayOperate && (
              <button type="button" class="quiet" disabled={isUnderWay} onClick={() => replay({ ids: [letter.id] })}>
                Replay this one
              </button>
            )}
          </li>
        ))}
      </ul>
    </section>
  );
}

export function DeadLetters({ onReplayed }: { onReplayed: () => void }) {
  const answer = useAnswer<NotificationsPage>(`/api/v1/dead-letters?limit=${SHOWN}`, { everyMs: EVERY_MS });
  const { isUnderWay, trouble, attempt } = useDeed();
  const [news, setNews] = useState("");
  const said = useRef<HTMLParagraphElement>(null);
  const replay = async (which: Which) => {
    const isDone = await attempt(async () => {
      const { replayed: count } = await tell<{ replayed: number }>("POST", "/api/v1/dead-letters/replay", which);
      setNews(replayed(count));
    });
    if (!isDone) return;
    answer.again();
    onReplayed();
    requestAnimationFrame(() => said.current?.focus());
  };
  return (
    <section id="dead-letters" aria-labelledby="dead-heading" tabIndex={-1}>
      <div class="section-head">
        <h3 id="dead-heading">Dead letters</h3>
        <span class="order">what was given up</span>
      </div>
      <p class="news" role="status" tabIndex={-1} ref={said}>
        {news}
      </p>
      {trouble !== "" && <Trouble words={trouble} />}
      <Answered answer={answer} what="what was given up">
        {({ notifications, next }) =>
          notifications.length === 0 ? (
            <p class="empty">Nothing was given up.</p>
          ) : (
            <>
              {byReceiver(notifications).map(([receiver, letters]) => (
                <LettersOf
                  key={receiver}
                  receiver={receiver}
                  letters={letters}
                  isAll={next === null}
                  isUnderWay={isUnderWay}
                  replay={(which) => void replay(which)}
                />
              ))}
            </>
          )
        }
      </Answered>
    </section>
  );
}

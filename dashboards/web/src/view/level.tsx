// A participant's level: bars for the eye that scans, a number and a word for everyone.

import type { Participant } from "../api.ts";
import { quality } from "../picture/level.ts";
import { Age } from "./time.tsx";

interface LevelProps {
  participant: Participant;
  nowMs: number;
}

export function Level({ participant, nowMs }: LevelProps) {
  const { level, word, tone } = quality(participant);
  const since = level === null ? null : participant.level_since_ms;
  return (
    <span class={`level tone-${tone}`}>
      <span class={`bars bars-${level ?? "none"}`} aria-hidden="true" />
      <span class="level-word">
        {level !== null && <b>{level}</b>} {word}
      </span>
      <span class="level-since">
        {since !== null && <Age atMs={since} nowMs={nowMs} />}
        {level !== null && participant.level_source === "others" && (
          <span title="The level that the others in the room see, not the participant's own report"> by others</span>
        )}
      </span>
    </span>
  );
}

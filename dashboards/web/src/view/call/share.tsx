// A link that shows the call to somebody without a login: made here, listed here, ended here.

import { useEffect, useRef, useState } from "preact/hooks";
import { inWords, tell, useAnswer } from "../../frame/asking.ts";
import { clock, type Part } from "../../call/axis.ts";
import type { Share } from "../../call/shapes.ts";
import { day } from "../../call/words.ts";

const DAY_S = 86_400;
const LASTS = [
  [DAY_S, "for a day"],
  [7 * DAY_S, "for a week"],
  [30 * DAY_S, "for 30 days"],
] as const;
const A_WEEK = LASTS[1][0];

interface ShareProps {
  /** The address of the call in the API. */
  url: string;
  room: string;
  /** What is looked at, or null if it is the whole call. */
  part: Part | null;
}

/** Return the link of a share that was just made; the daemon tells the token once. */
function linkOf({ url, token }: Share): string {
  return url ?? new URL(`/shared/${token}`, location.href).href;
}

function Made({ share }: { share: Share }) {
  const field = useRef<HTMLInputElement>(null);
  const [said, say] = useState("");
  const copy = () => {
    field.current?.select();
    const copied = navigator.clipboard?.writeText(linkOf(share)) ?? Promise.reject(new Error("no clipboard here"));
    copied.then(
      () => say("Copied."),
      () => say("Selected: copy it with the keyboard."),
    );
  };
  return (
    <div class="made" role="status">
      <label>
        The link, shown this once
        <input ref={field} readOnly value={linkOf(share)} />
      </label>
      <button type="button" onClick={copy}>
        Copy
      </button>{" "}
      <span class="soft">{said}</span>
    </div>
  );
}

function Shares({ room, turn, onTrouble }: { room: string; turn: number; onTrouble: (words: string) => void }) {
  const { value, trouble, again } = useAnswer<{ shares: Share[] }>(`/api/v1/shares?room=${encodeURIComponent(room)}`);
  useEffect(() => {
    if (turn > 0) again();
  }, [turn]);
  const revoke = (id: string) => tell("DELETE", `/api/v1/shares/${encodeURIComponent(id)}`).then(again, (error) => onTrouble(inWords(error)));
  if (value === null) return <p class="soft">{trouble || "Asking for the links there are."}</p>;
  if (value.shares.length === 0) return <p class="soft">No link to this call is good at present.</p>;
  return (
    <ul class="shares" aria-label="Links that are good">
      {value.shares.map(({ id, created_at_ms, expires_at_ms, from_ms }) => (
        <li key={id}>
          <span>
            made {day(created_at_ms)}, {clock(created_at_ms, 60_000)}; good until {day(expires_at_ms)}, {clock(expires_at_ms, 60_000)}
            {from_ms !== null && "; a part of the call"}
          </span>
          <button type="button" onClick={() => void revoke(id)}>
            End it
          </button>
        </li>
      ))}
    </ul>
  );
}

export function ShareButton({ url, room, part }: ShareProps) {
  const dialog = useRef<HTMLDialogElement>(null);
  const [isOpen, setOpen] = useState(false);
  const open = () => {
    setOpen(true);
    dialog.current?.showModal();
  };
  return (
    <>
      <button type="button" onClick={open}>
        Share
      </button>
      <dialog ref={dialog} class="share" aria-labelledby="share-heading" onClose={() => setOpen(false)}>
        {isOpen && <ShareForm url={url} room={room} part={part} onClose={() => dialog.current?.close()} />}
      </dialog>
    </>
  );
}

function ShareForm({ url, room, part, onClose }: ShareProps & { onClose: () => void }) {
  const [lastsS, setLasts] = useState<number>(A_WEEK);
  const [isPart, setPart] = useState(false);
  const [made, setMade] = useState<Share | null>(null);
  const [turn, setTurn] = useState(0);
  const [trouble, setTrouble] = useState("");
  const make = async () => {
    const span = isPart && part !== null ? { from: Math.floor(part.fromMs), to: Math.ceil(part.toMs) } : {};
    try {
      setMade(await tell<Share>("POST", `${url}/shares`, { ...span, expires_in_s: lastsS, redact: true }));
      setTrouble("");
      setTurn(turn + 1);
    } catch (error) {
      setTrouble(inWords(error));
    }
  };
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        void make();
      }}
    >
      <h2 id="share-heading">Share this call</h2>
      <p>
        Whoever holds the link sees how the call went, without a login. Nobody is named in it: people are numbered, and there are no SIDs,
        no addresses, and nothing that people wrote.
      </p>
      <label>
        Good{" "}
        <select value={lastsS} onChange={(event) => setLasts(Number(event.currentTarget.value))}>
          {LASTS.map(([seconds, words]) => (
            <option key={seconds} value={seconds}>
              {words}
            </option>
          ))}
        </select>
      </label>
      {part !== null && (
        <label>
          <input type="checkbox" checked={isPart} onChange={(event) => setPart(event.currentTarget.checked)} /> Only what is shown now,{" "}
          {clock(part.fromMs)} – {clock(part.toMs)}
        </label>
      )}
      <p class="dialog-buttons">
        <button type="submit" class="main">
          Make a link
        </button>
        <button type="button" onClick={onClose}>
          Close
        </button>
      </p>
      {trouble !== "" && (
        <p class="trouble" role="alert">
          {trouble}
        </p>
      )}
      {made !== null && <Made share={made} />}
      <Shares room={room} turn={turn} onTrouble={setTrouble} />
    </form>
  );
}

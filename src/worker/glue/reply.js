// Replies to clients.

import { makeHeaders, setLines, strip } from "./headers.js";

export function reply(status, lines, body) {
  const empty = status === 204 || status === 304;
  return new Response(empty ? null : body, { status, headers: makeHeaders(lines) });
}

// A success, handed over: its status, the headers that may pass, its body.
export function relay(answer, filter, lines, idleMs, lastWords) {
  const response = new Response(rest(answer, idleMs, lastWords), answer.response);
  strip(response.headers, filter);
  setLines(response.headers, lines);
  return response;
}

// The body: as bytes if all of it is here, else chunk by chunk, as it comes, so that its silence can be told.
function rest(answer, idleMs, lastWords) {
  if (answer.whole !== null) return answer.whole.byteLength > 0 ? answer.whole : null;
  const reader = answer.replay();
  if (reader === undefined) return null;
  return guard(reader, idleMs, answer.opening === undefined ? null : lastWords);
}

// A success whose events `translator` puts into another format's words, each as soon as it is whole.
export function translate(answer, translator, lines, idleMs, lastWords) {
  const headers = makeHeaders(lines);
  return new Response(guard(translated(answer.replay(), translator), idleMs, lastWords), { status: 200, headers });
}

// Reads what the translator has made of what `reader` reads. Its own last words come when the upstream ends or
// breaks off.
function translated(reader, translator) {
  let ended = false;
  const end = () => {
    ended = true;
    const rest = translator.finish();
    translator.free();
    return rest;
  };
  return {
    async read() {
      while (!ended) {
        let made;
        let chunk;
        try {
          chunk = await reader.read();
        } catch {
          chunk = { done: true };
        }
        if (ended) break; // meanwhile, by `lastWords`
        if (chunk.done) made = end();
        else {
          made = translator.push(chunk.value);
          if (translator.over) {
            end();
            reader.cancel().catch(() => {});
          }
        }
        if (made.byteLength > 0) return { done: false, value: made };
      }
      return { done: true };
    },
    // `null`: they have been said. `undefined`: there are none.
    lastWords() {
      try {
        return ended ? null : end();
      } catch {
        return undefined;
      }
    },
    cancel(reason) {
      this.lastWords();
      return reader.cancel(reason);
    },
  };
}

// Ends a body that has gone silent or broken off: with `lastWords` if there are any, as a broken connection
// otherwise.
// Silence is looked for in eighths of `idleMs`, so that a chunk costs no timer; it counts only while the
// client is waiting, so that a slow client is not taken for a silent upstream.
const LOOKS = 8;

function guard(reader, idleMs, lastWords) {
  let waiting = false;
  let quiet = 0;
  let timer;
  const end = (controller) => {
    clearTimeout(timer);
    const own = reader.lastWords?.();
    reader.cancel().catch(() => {});
    if (own !== undefined) {
      if (own !== null) controller.enqueue(own);
      return controller.close();
    }
    if (lastWords === null) return controller.error(new Error("the upstream broke off"));
    controller.enqueue(new TextEncoder().encode(lastWords));
    controller.close();
  };
  return new ReadableStream(
    {
      start(controller) {
        const look = () => {
          quiet = waiting ? quiet + 1 : 0;
          if (quiet > LOOKS) end(controller);
          else timer = setTimeout(look, idleMs / LOOKS);
        };
        if (idleMs > 0) timer = setTimeout(look, idleMs / LOOKS);
      },
      async pull(controller) {
        waiting = true;
        try {
          const { done, value } = await reader.read();
          if (quiet > LOOKS) return; // ended above
          waiting = false;
          quiet = 0;
          if (!done) return controller.enqueue(value);
          clearTimeout(timer);
          controller.close();
        } catch {
          if (quiet <= LOOKS) end(controller);
        }
      },
      cancel(reason) {
        clearTimeout(timer);
        return reader.cancel(reason);
      },
    },
    { highWaterMark: 0 },
  );
}


// Requests to upstreams, and how their answers begin.

import { collect, join } from "./body.js";
import { isEventStream, makeHeaders, passingLines, setLines } from "./headers.js";

// Where requests of one format go at one provider. `fetch` copies the headers.
export function makeTarget(url, lines) {
  return { url, headers: makeHeaders(lines) };
}

// An upstream's answer, as far as it has come.
export class Answer {
  // All of a short body, an `ArrayBuffer`.
  whole = null;
  // Of a body that has been looked at: what was read, where more comes from, and a read under way.
  read = null;
  reader = null;
  pending = null;
  // How an event stream begins: `[bytes, ended]`.
  opening = undefined;

  constructor(response, abort) {
    this.response = response;
    this.abort = abort;
    this.status = response.status;
  }

  // Reads what has been read already, then the rest. Once: the read under way is handed over.
  replay() {
    if (this.reader === null) return this.response.body?.getReader();
    const { reader } = this;
    const chunks = [...this.read.chunks];
    let { pending } = this;
    this.pending = null;
    return {
      read() {
        if (chunks.length > 0) return Promise.resolve({ done: false, value: chunks.shift() });
        const next = pending ?? reader.read();
        pending = null;
        return next;
      },
      cancel: (reason) => reader.cancel(reason),
    };
  }
}

// An `Answer`, of a success not before its body has begun, or is here if it is short; or why there is none:
// "never-sent", "timeout", "network", "broken" (off after its headers). `beginMs` is how long that may take after the
// headers.
export async function send(target, added, body, start, end, text, timeoutMs, beginMs) {
  let { url, headers } = target;
  if (text !== "") body = splice(body, start, end, text);
  try {
    if (added !== "") {
      headers = new Headers(headers);
      setLines(headers, added);
    }
  } catch {
    return "never-sent";
  }
  const abort = new AbortController();
  const late = () => abort.abort();
  let timer = setTimeout(late, timeoutMs);
  let answer;
  try {
    const response = await fetch(url, { method: "POST", headers, body, redirect: "manual", signal: abort.signal });
    answer = new Answer(response, abort);
    if (!response.ok) return answer;
    if (isShort(response.headers)) {
      if (beginMs < timeoutMs) {
        clearTimeout(timer);
        timer = setTimeout(late, beginMs);
      }
      answer.whole = await response.arrayBuffer();
      return answer;
    }
  } catch {
    if (abort.signal.aborted) return "timeout";
    if (answer !== undefined) return "broken";
    return canBeSent(url, headers) ? "network" : "never-sent";
  } finally {
    clearTimeout(timer);
  }
  return (await begin(answer, beginMs)) ? answer : "network";
}

const encoder = new TextEncoder();

function splice(body, start, end, text) {
  const middle = encoder.encode(text);
  const spliced = new Uint8Array(body.byteLength - (end - start) + middle.byteLength);
  spliced.set(body.subarray(0, start));
  spliced.set(middle, start);
  spliced.set(body.subarray(end), start + middle.byteLength);
  return spliced;
}

function canBeSent(url, headers) {
  try {
    new Request(url, { method: "POST", headers });
    return true;
  } catch {
    return false;
  }
}

// A body of known length up to here comes with its headers, or nearly so: it is waited for as they are.
const SHORT_BYTES = 65_536;

function isShort(headers) {
  const length = headers.get("content-length");
  if (length === null || Number(length) > SHORT_BYTES) return false;
  return !isEventStream(headers) && !headers.has("content-encoding");
}

// Bytes read in search of the end of a stream's first event. What announces an answer repeats the request's
// instructions and tools.
const OPENING_BYTES = 1 << 20;

// How long a stream is held back that has only shown that it is alive. Overloads show within a second or two; clients
// and proxies wait for headers for 30 s at least.
const ALIVE_MS = 5_000;

// Waits until a body has begun, so that one that breaks before can be had from somebody else; whether it has not. An event stream
// has begun with the first event that says something, or `OPENING_BYTES`; any other with its first byte. One that has
// not begun after `waitMs` is let go on, and so is an event stream `ALIVE_MS` after its first sign of life: those are
// for the client, whose patience nobody here knows.
async function begin(answer, waitMs) {
  const { response } = answer;
  if (response.body === null) return true;
  const streams = isEventStream(response.headers);
  const reader = response.body.getReader();
  const read = { chunks: [], length: 0 };
  Object.assign(answer, { read, reader });
  const deadline = Date.now() + waitMs;
  let letGo;
  const late = new Promise((resolve) => (letGo = resolve));
  let timer = setTimeout(letGo, waitMs, null);
  const decoder = streams ? new TextDecoder() : null;
  let text = "";
  let alive = false;
  let ended = false;
  try {
    while (streams ? read.length < OPENING_BYTES && !hasBegun(text) : read.length === 0) {
      answer.pending = reader.read();
      const next = await Promise.race([answer.pending, late]);
      ended = next?.done === true;
      if (next === null || ended) break;
      answer.pending = null;
      read.chunks.push(next.value);
      read.length += next.value.byteLength;
      if (!streams) continue;
      const more = decoder.decode(next.value, { stream: true });
      text += more;
      if (!/[\r\n]/.test(more)) continue;
      const said = text.replace(SIGNS_OF_LIFE, "");
      if (said !== text && !alive) {
        alive = true;
        clearTimeout(timer);
        timer = setTimeout(letGo, Math.min(ALIVE_MS, deadline - Date.now()), null);
      }
      text = said;
    }
    if (streams) answer.opening = [join(read), ended];
    return true;
  } catch {
    return false;
  } finally {
    clearTimeout(timer);
  }
}

// What comes before a stream says something: lines that no event begins with (comments, blank lines, `id`, `retry`),
// pings, and what the Responses API announces every answer with, also one that fails.
const SIGNS_OF_LIFE = (() => {
  const end = "(?:\\r\\n|\\n|\\r(?!\\n))";
  const line = `[^\\r\\n]*${end}`;
  const idle = `(?!(?:data|event)[:\\r\\n])${line}`;
  const kinds = "(?:ping|response\\.(?:created|queued|in_progress))";
  const named = `event: ?${kinds}${end}(?:(?:data|id|retry):${line})*${end}`;
  const unnamed = `data: ?\\{ ?"type": ?"${kinds}"${line}${end}`;
  return new RegExp(`^(?:${named}|${unnamed}|${idle})+`);
})();

// Whether `text`, which has no sign of life before its first event, holds a whole one.
function hasBegun(text) {
  return /\n\n|\r\r|\r\n\r\n/.test(text);
}

// How long the body of a failure may take; what has come by then is what is known of it.
const FAILURE_READ_MS = 3_000;

// A failure, or a success that turned out to be one: its headers that may pass and at most `max` bytes of its body.
export async function readFailure(answer, max, filter) {
  const { response, abort } = answer;
  const lines = passingLines(response.headers, filter);
  if (answer.reader !== null) {
    abort.abort();
    return [lines, join(answer.read)];
  }
  const read = { chunks: [], length: 0 };
  if (response.body !== null) {
    let timer;
    const late = new Promise((resolve) => (timer = setTimeout(resolve, FAILURE_READ_MS, false)));
    const whole = await Promise.race([collect(response.body, max, read).catch(() => true), late]);
    clearTimeout(timer);
    if (!whole) abort.abort();
  }
  return [lines, join(read)];
}

// A success: its headers that may pass and its whole body, or `null` if it is longer than `max`, breaks off, or
// is not there after `waitMs`; an event stream may go on for as long as it is not silent for that time.
export async function readSuccess(answer, max, waitMs, filter) {
  const { response, abort, whole } = answer;
  const lines = passingLines(response.headers, filter);
  if (whole !== null) return [lines, new Uint8Array(whole)];
  const read = { chunks: [], length: 0 };
  const source = answer.replay();
  if (source === undefined) return [lines, join(read)];
  const streams = isEventStream(response.headers);
  const late = () => abort.abort();
  let timer = setTimeout(late, waitMs);
  try {
    for (;;) {
      const { done, value } = await source.read();
      if (done) return [lines, join(read)];
      if (streams) {
        clearTimeout(timer);
        timer = setTimeout(late, waitMs);
      }
      read.chunks.push(value);
      read.length += value.byteLength;
      if (read.length > max) {
        abort.abort();
        return null;
      }
    }
  } catch {
    return null;
  } finally {
    clearTimeout(timer);
  }
}

// The headers that may pass.
export function headerLines(answer, filter) {
  return passingLines(answer.response.headers, filter);
}

// What is cheaper, or only possible, on the JavaScript side. Each function is one crossing where the same in
// Rust would be a dozen. Lists cross as text with a line an item: header names and values hold no newline.

// A config that replaces the one in the environment; kept here because it must outlive a wasm instance.
let override = null;

export function setOverride(text) {
  override = text;
}

export function getOverride() {
  return override;
}

// "METHOD\nURL\nname\nvalue\n…" of the headers in `names`.
export function readHead(request, names, local) {
  const headers = request.headers;
  let text = `${request.method}\n${request.url}`;
  for (const name of names) {
    const value = headers.get(name);
    if (value !== null) text += `\n${name}\n${value}`;
  }
  const address = local ? request.cf?.clientIp : headers.get("cf-connecting-ip");
  return address ? `${text}\n@address\n${address}` : text;
}

// Content encodings that the runtime can undo.
const ENCODINGS = { gzip: "gzip", "x-gzip": "gzip", deflate: "deflate" };

// The body; `null` if it is longer than `max` bytes; a word if it cannot be read: "encoding", "broken".
export async function readBody(request, max) {
  if (request.body === null) return new Uint8Array(0);
  const encoding = request.headers.get("content-encoding")?.trim().toLowerCase() ?? "identity";
  if (encoding !== "identity" && encoding !== "") return inflate(request.body, ENCODINGS[encoding], max);
  const declared = request.headers.get("content-length");
  if (declared !== null && Number(declared) <= max) return new Uint8Array(await request.arrayBuffer());
  const read = { chunks: [], length: 0 };
  if (declared === null && (await collect(request.body, max, read))) return join(read);
  await drain(request.body);
  return null;
}

async function inflate(body, format, max) {
  if (format === undefined) {
    await drain(body);
    return "encoding";
  }
  const read = { chunks: [], length: 0 };
  try {
    return (await collect(body.pipeThrough(new DecompressionStream(format)), max, read)) ? join(read) : null;
  } catch {
    return "broken";
  }
}

// Reads and forgets what a client is still sending: many do not look at an answer before they have sent
// everything, and take a connection that closes meanwhile for a network failure.
const DRAIN_BYTES = 64 << 20;
const DRAIN_MS = 10_000;

async function drain(stream) {
  const reader = stream.getReader();
  const timer = setTimeout(() => reader.cancel().catch(() => {}), DRAIN_MS);
  try {
    for (let left = DRAIN_BYTES; left > 0; ) {
      const { done, value } = await reader.read();
      if (done) break;
      left -= value.byteLength;
    }
  } catch {
    // The client is gone.
  } finally {
    clearTimeout(timer);
  }
}

// Reads `stream` into `into`, at most `max` bytes of it; whether that was all.
async function collect(stream, max, into) {
  const reader = stream.getReader();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return true;
    const room = max - into.length;
    into.chunks.push(value.byteLength > room ? value.subarray(0, room) : value);
    into.length += Math.min(value.byteLength, room);
    if (value.byteLength > room) {
      reader.releaseLock();
      return false;
    }
  }
}

function join({ chunks, length }) {
  const all = new Uint8Array(length);
  let at = 0;
  for (const chunk of chunks) {
    all.set(chunk, at);
    at += chunk.byteLength;
  }
  return all;
}

export function makeHeaders(lines) {
  const headers = new Headers();
  setLines(headers, lines);
  return headers;
}

function setLines(headers, lines) {
  if (lines === "") return;
  const parts = lines.split("\n");
  for (let i = 0; i + 1 < parts.length; i += 2) headers.set(parts[i], parts[i + 1]);
}

// What ends the request that a response answers, headers or body.
const aborts = new WeakMap();

// An upstream's `Response`, or why there is none: "never-sent", "timeout", "network".
export async function send(url, headers, added, body, start, end, text, timeoutMs) {
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
  const init = { method: "POST", headers, body, redirect: "manual", signal: abort.signal };
  const timer = setTimeout(() => abort.abort(), timeoutMs);
  try {
    const response = await fetch(url, init);
    aborts.set(response, abort);
    return response;
  } catch {
    return abort.signal.aborted ? "timeout" : canBeSent(url, headers) ? "network" : "never-sent";
  } finally {
    clearTimeout(timer);
  }
}

function splice(body, start, end, text) {
  const middle = new TextEncoder().encode(text);
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

// How long the body of a failure may take; what has come by then is what is known of it.
const FAILURE_READ_MS = 3_000;

export async function readFailure(response, max, passes) {
  const lines = passingLines(response, passes);
  if (opened.has(response)) {
    aborts.get(response).abort();
    return [lines, join(opened.get(response).read)];
  }
  const read = { chunks: [], length: 0 };
  if (response.body !== null) {
    let timer;
    const late = new Promise((resolve) => (timer = setTimeout(resolve, FAILURE_READ_MS, false)));
    const whole = await Promise.race([collect(response.body, max, read).catch(() => true), late]);
    clearTimeout(timer);
    if (!whole) aborts.get(response)?.abort();
  }
  return [lines, join(read)];
}

// A success: its headers that may pass and its whole body, or `null` if it is longer than `max`, breaks off or
// is not there after `waitMs`.
export async function readSuccess(response, max, waitMs, passes) {
  const lines = passingLines(response, passes);
  const read = { chunks: [], length: 0 };
  const source = opened.has(response) ? replay(opened.get(response)) : response.body?.getReader();
  if (source === undefined) return [lines, join(read)];
  const timer = setTimeout(() => aborts.get(response)?.abort(), waitMs);
  try {
    for (;;) {
      const { done, value } = await source.read();
      if (done) return [lines, join(read)];
      read.chunks.push(value);
      read.length += value.byteLength;
      if (read.length > max) {
        aborts.get(response)?.abort();
        return null;
      }
    }
  } catch {
    return null;
  } finally {
    clearTimeout(timer);
  }
}

export function passingLines(response, passes) {
  let lines = "";
  for (const [name, value] of passing(response.headers, passes)) lines += `${name}\n${value}\n`;
  return lines;
}

// Bodies whose beginning has been looked at: what was read, and where more comes from.
const opened = new WeakMap();

// Waits until a body has begun, so that one that breaks before can be had from somebody else. An event stream
// has begun with its first event, or `max` bytes: `[bytes, ended]`. Any other has begun with its first byte:
// `null`. One that has not begun after `waitMs` is let go on, and so is an event stream `aliveMs` after its first
// comment: those are for the client, whose patience nobody here knows.
export async function peek(response, max, waitMs, aliveMs) {
  if (response.body === null) return null;
  const streams = isEventStream(response.headers);
  const reader = response.body.getReader();
  const read = { chunks: [], length: 0 };
  const state = { reader, read, pending: null };
  opened.set(response, state);
  const deadline = Date.now() + waitMs;
  let letGo;
  const late = new Promise((resolve) => (letGo = resolve));
  let timer = setTimeout(letGo, waitMs, null);
  const decoder = streams ? new TextDecoder() : null;
  let text = "";
  let alive = false;
  let ended = false;
  try {
    while (streams ? read.length < max && !hasBegun(text) : read.length === 0) {
      state.pending = reader.read();
      const next = await Promise.race([state.pending, late]);
      ended = next?.done === true;
      if (next === null || ended) break;
      state.pending = null;
      read.chunks.push(next.value);
      read.length += next.value.byteLength;
      if (!streams) continue;
      text = (text + decoder.decode(next.value, { stream: true })).replace(BEFORE_EVENTS, "");
      if (text === "" && !alive) {
        alive = true;
        clearTimeout(timer);
        timer = setTimeout(letGo, Math.min(aliveMs, deadline - Date.now()), null);
      }
    }
    return streams ? [join(read), ended] : null;
  } finally {
    clearTimeout(timer);
  }
}

function isEventStream(headers) {
  return headers.get("content-type")?.startsWith("text/event-stream") === true;
}

// Whole lines that no event begins with: comments, blank lines, `id` and `retry`.
const BEFORE_EVENTS = /^(?:(?!(?:data|event)[:\r\n])[^\r\n]*(?:\r\n|\n|\r))+/;

// Whether `text`, which has nothing before its first event, holds a whole one.
function hasBegun(text) {
  return /\n\n|\r\r|\r\n\r\n/.test(text);
}

// Reads what `peek` has read, then the rest.
function replay({ reader, read, pending }) {
  const chunks = [...read.chunks];
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

function* passing(headers, { exact, prefixes, except, ids, idName }) {
  let identified = false;
  for (const [name, value] of headers) {
    if (ids.has(name)) {
      if (!identified) yield [idName, value];
      identified = true;
    } else if (exact.has(name)) yield [name, value];
    else if (!name.startsWith(except) && prefixes.some((prefix) => name.startsWith(prefix))) yield [name, value];
  }
}

export function makeFilter(exact, prefixes, except, ids, idName) {
  return { exact: new Set(exact), prefixes, except, ids: new Set(ids), idName };
}

// A success, handed over: its status, the headers that may pass, its body.
export function relay(upstream, passes, lines, idleMs, lastWords) {
  const headers = new Headers();
  for (const [name, value] of passing(upstream.headers, passes)) headers.append(name, value);
  setLines(headers, lines);
  const body = watch(upstream, idleMs, isEventStream(headers) ? lastWords : null);
  return new Response(body, { status: upstream.status, headers });
}

// A success whose events `translator` puts into another format's words, each as soon as it is whole.
export function translate(upstream, translator, lines, idleMs, lastWords) {
  const state = opened.get(upstream);
  const reader = state === undefined ? upstream.body.getReader() : replay(state);
  const headers = makeHeaders(lines);
  return new Response(guard(translated(reader, translator), idleMs, lastWords), { status: 200, headers });
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

export function reply(status, lines, body) {
  const empty = status === 204 || status === 304;
  return new Response(empty ? null : body, { status, headers: makeHeaders(lines) });
}

// The body: as bytes if all of it is here, else chunk by chunk, as it comes, so that its silence can be told.
function watch(upstream, idleMs, lastWords) {
  const state = opened.get(upstream);
  if (state === undefined) return null;
  const { chunks, length } = state.read;
  const { headers } = upstream;
  const whole = !headers.has("content-encoding") && Number(headers.get("content-length") ?? NaN) === length;
  if (whole && chunks.length === 1) return chunks[0];
  return guard(replay(state), idleMs, lastWords);
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

// Ids of objects are the same for ever; stubs belong to the request that made them.
const ids = new Map();

function stub(namespace, provider) {
  let id = ids.get(provider);
  if (id === undefined) {
    id = namespace.idFromName(provider);
    ids.set(provider, id);
  }
  return namespace.get(id);
}

// An object that does not answer for this long is unavailable.
const RESERVE_MS = 10_000;

export function reserve(namespace, provider, ask) {
  return within(RESERVE_MS, stub(namespace, provider).reserve(ask));
}

async function within(ms, promise) {
  let timer;
  const late = new Promise((_, reject) => (timer = setTimeout(() => reject(new Error("no answer")), ms)));
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

// What each provider's object says to its inquiry; `null` where it says nothing in time. Providers that are not
// asked by the time all of them have together count as silent.
export async function standings(namespace, providers, inquiries, width, eachMs, allMs) {
  const replies = new Array(providers.length).fill(null);
  const deadline = Date.now() + allMs;
  let next = 0;
  const ask = async () => {
    while (next < providers.length) {
      const at = next++;
      const left = deadline - Date.now();
      if (left <= 0) return;
      try {
        const reply = stub(namespace, providers[at]).standing(inquiries[at]);
        replies[at] = await within(Math.min(eachMs, left), reply);
      } catch (error) {
        console.error(`standing of ${providers[at]}: ${error.message}`);
      }
    }
  };
  await Promise.all(Array.from({ length: width }, ask));
  return replies;
}

export function settle(namespace, provider, report, ctx) {
  const told = stub(namespace, provider).settle(report);
  ctx.waitUntil(told.catch((error) => console.error(`settle at ${provider}: ${error.message}`)));
}

export function giveBack(namespace, provider, returns) {
  return within(RESERVE_MS, stub(namespace, provider).giveBack(returns));
}

// The request's context lives until then, whether or not its client does.
export function waitUntil(ctx, promise) {
  ctx.waitUntil(promise);
}

// A promise, and what fulfils it before `ms` have passed. Another request may call that: the runtime lets those
// who wait go on in their own.
export function wakeable(ms) {
  let wake;
  const woken = new Promise((resolve) => (wake = resolve));
  const timer = setTimeout(wake, ms);
  return [woken.then(() => clearTimeout(timer)), wake];
}

export function sleep(ms) {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

export function soon(callback) {
  setTimeout(callback, 0);
}

// The write belongs to the turn that calls; a failure of it fails that turn's other writes too.
export function setAlarm(ctx, at) {
  ctx.storage.setAlarm(at).catch((error) => console.error(`alarm: ${error.message}`));
}

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

// The body, or `null` as soon as it is longer than `max` bytes.
export async function readBody(request, max) {
  const declared = request.headers.get("content-length");
  if (declared !== null) return Number(declared) > max ? null : new Uint8Array(await request.arrayBuffer());
  return request.body === null ? new Uint8Array(0) : collect(request.body, max, null);
}

async function collect(stream, max, cut) {
  const chunks = [];
  let length = 0;
  const reader = stream.getReader();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
    length += value.byteLength;
    if (length > max) {
      reader.cancel().catch(() => {});
      if (cut === null) return null;
      chunks.push(value.subarray(0, value.byteLength - (length - max)));
      length = max;
      break;
    }
    chunks.push(value);
  }
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

// An upstream's `Response`, or why there is none: "never-sent", "timeout", "network".
export async function send(url, headers, added, body, timeoutMs) {
  if (added !== "") {
    headers = new Headers(headers);
    setLines(headers, added);
  }
  const abort = new AbortController();
  const timer = setTimeout(() => abort.abort(), timeoutMs);
  let request;
  try {
    request = new Request(url, { method: "POST", headers, body, redirect: "manual", signal: abort.signal });
  } catch {
    return "never-sent";
  }
  try {
    return await fetch(request);
  } catch {
    return abort.signal.aborted ? "timeout" : "network";
  } finally {
    clearTimeout(timer);
  }
}

// How long the body of a failure may take; what has come by then is what is known of it.
const FAILURE_READ_MS = 10_000;

export async function readFailure(response, max, passes) {
  let lines = "";
  for (const [name, value] of passing(response.headers, passes)) lines += `${name}\n${value}\n`;
  let body = new Uint8Array(0);
  if (response.body !== null) {
    let timer;
    const late = new Promise((resolve) => (timer = setTimeout(resolve, FAILURE_READ_MS, body)));
    body = await Promise.race([collect(response.body, max, true).catch(() => body), late]);
    clearTimeout(timer);
  }
  return [lines, body];
}

function* passing(headers, { exact, prefixes, except, ids, idName }) {
  for (const [name, value] of headers) {
    if (ids.has(name)) yield [idName, value];
    else if (exact.has(name)) yield [name, value];
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
  const streams = headers.get("content-type")?.startsWith("text/event-stream");
  const body = upstream.body === null ? null : guard(upstream.body, idleMs, streams ? lastWords : null);
  return new Response(body, { status: upstream.status, headers });
}

export function reply(status, lines, body) {
  const empty = status === 204 || status === 304;
  return new Response(empty ? null : body, { status, headers: makeHeaders(lines) });
}

// Passes chunks on as they come and ends a body that has gone silent: `lastWords` if it is an event stream,
// a broken connection otherwise. Silence is looked for in eighths of `idleMs`, so that a chunk costs no timer.
const LOOKS = 8;

function guard(body, idleMs, lastWords) {
  const reader = body.getReader();
  let waiting = false;
  let quiet = 0;
  let timer;
  let giveUp;
  const look = () => {
    quiet = waiting ? quiet + 1 : 0;
    if (quiet <= LOOKS) timer = setTimeout(look, idleMs / LOOKS);
    else giveUp();
  };
  return new ReadableStream(
    {
      start(controller) {
        giveUp = () => {
          reader.cancel().catch(() => {});
          if (lastWords === null) controller.error(new Error("the upstream went silent"));
          else {
            controller.enqueue(new TextEncoder().encode(lastWords));
            controller.close();
          }
        };
        timer = setTimeout(look, idleMs / LOOKS);
      },
      async pull(controller) {
        waiting = true;
        try {
          const { done, value } = await reader.read();
          if (quiet > LOOKS) return; // given up
          waiting = false;
          quiet = 0;
          if (done) {
            clearTimeout(timer);
            controller.close();
          } else controller.enqueue(value);
        } catch (error) {
          clearTimeout(timer);
          if (quiet <= LOOKS) controller.error(error);
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

export function reserve(namespace, provider, ask) {
  return stub(namespace, provider).reserve(ask);
}

export function settle(namespace, provider, report, ctx) {
  const told = stub(namespace, provider).settle(report);
  ctx.waitUntil(told.catch((error) => console.error(`settle at ${provider}: ${error.message}`)));
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

// Bodies, read whole.

// Content encodings that the runtime can undo.
const ENCODINGS = { gzip: "gzip", "x-gzip": "gzip", deflate: "deflate" };

// The body as an `ArrayBuffer`; `null` if it is longer than `max` bytes; a word if it cannot be read: "encoding",
// "broken".
export function readBody(request, max) {
  const { headers } = request;
  const encoding = headers.get("content-encoding")?.trim().toLowerCase() || "identity";
  const declared = headers.get("content-length");
  const fits = declared !== null && Number(declared) <= max;
  return encoding === "identity" && fits ? request.arrayBuffer() : readOther(request, encoding, declared, max);
}

async function readOther(request, encoding, declared, max) {
  if (request.body === null) return new ArrayBuffer(0);
  if (encoding !== "identity") return inflate(request.body, ENCODINGS[encoding], max);
  const read = { chunks: [], length: 0 };
  if (declared === null && (await collect(request.body, max, read))) return join(read).buffer;
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
    return (await collect(body.pipeThrough(new DecompressionStream(format)), max, read)) ? join(read).buffer : null;
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
export async function collect(stream, max, into) {
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

export function join({ chunks, length }) {
  const all = new Uint8Array(length);
  let at = 0;
  for (const chunk of chunks) {
    all.set(chunk, at);
    at += chunk.byteLength;
  }
  return all;
}

// Headers cross as text with a line a name and a line a value, which hold no newline.

export function makeHeaders(lines) {
  const headers = new Headers();
  setLines(headers, lines);
  return headers;
}

export function setLines(headers, lines) {
  if (lines === "") return;
  const parts = lines.split("\n");
  for (let i = 0; i + 1 < parts.length; i += 2) headers.set(parts[i], parts[i + 1]);
}

// Which of an upstream's headers may pass; the first of `ids` does under another name.
export function makeFilter(exact, prefixes, except, ids, idName) {
  return { exact: new Set(exact), prefixes, except, ids: new Set(ids), idName };
}

function passes(name, { exact, prefixes, except }) {
  return exact.has(name) || (!name.startsWith(except) && prefixes.some((prefix) => name.startsWith(prefix)));
}

export function passingLines(headers, filter) {
  let lines = "";
  let identified = false;
  for (const [name, value] of headers) {
    if (filter.ids.has(name)) {
      if (!identified) lines += `${filter.idName}\n${value}\n`;
      identified = true;
    } else if (passes(name, filter)) lines += `${name}\n${value}\n`;
  }
  return lines;
}

// Takes away what may not pass: cheaper than copying what may.
export function strip(headers, filter) {
  let id = null;
  for (const name of [...headers.keys()]) {
    if (filter.ids.has(name)) id ??= headers.get(name);
    else if (passes(name, filter)) continue;
    headers.delete(name);
  }
  if (id !== null) headers.set(filter.idName, id);
}

export function isEventStream(headers) {
  return headers.get("content-type")?.startsWith("text/event-stream") === true;
}

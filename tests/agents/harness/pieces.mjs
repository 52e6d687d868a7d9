// What the three formats share: cutting answers into pieces as models write them.

/** Tokens of a prompt, if a turn's `used` does not say otherwise; all but 1,000 come from a cache. */
export const USED = 12_000;

/** Text in pieces of a few characters, whole code points each. */
export function pieces(text, length = 7) {
  const points = [...text];
  const count = Math.ceil(points.length / length);
  return Array.from({ length: count }, (_, at) => points.slice(at * length, (at + 1) * length).join(''));
}

/** Items of several lists, turn by turn: what is written at the same time. */
export function interleaved(lists) {
  const longest = Math.max(0, ...lists.map((list) => list.length));
  return Array.from({ length: longest }, (_, at) => lists.flatMap((list) => list.slice(at, at + 1))).flat();
}

/** What a tool is given, as JSON text: text is wrapped as the gateway tells models to. */
export const argumentsOf = ({ input }) => JSON.stringify(typeof input === 'string' ? { input } : input);

/** An SSE record. */
export const record = (data, event) =>
  `${event ? `event: ${event}\n` : ''}data: ${typeof data === 'string' ? data : JSON.stringify(data)}\n\n`;

export const stream = (chunks, headers = {}) => ({
  headers: { 'content-type': 'text/event-stream; charset=utf-8', ...headers },
  chunks,
});

/** The text of a content that is text or parts of text. */
export function textOf(content) {
  if (content === undefined || content === null) return '';
  if (typeof content === 'string') return content;
  return content.map((part) => part.text ?? `[${part.type}]`).join('\n');
}

/** `{status, headers, body}` of an error, with the wait that it asks for. */
export const failure = (status, body, { after, id = 'x-request-id' } = {}) => ({
  status,
  headers: { [id]: 'req_provider', ...(after === undefined ? {} : { 'retry-after': String(after) }) },
  body,
});

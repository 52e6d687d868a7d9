// The Python SDKs as clients of the same shape as the others: see `sdks.mjs`. A process of theirs does what it
// is told; histories, and what is heard, are read as those of their siblings.

import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { KEY } from '../configs.mjs';
import { ROOT } from '../names.mjs';
import { collectChat, collectMessages, collectResponses } from './strict.mjs';

const PYTHON = `${ROOT}.venv/bin/python`;
export const hasPython = existsSync(PYTHON);

/** A process, and what waits for its next lines. It keeps nobody waiting that waits for nothing. */
let talk;
function start() {
  const child = spawn(PYTHON, [`${ROOT}tests/worker/python/translate_client.py`], {
    env: { PATH: process.env.PATH },
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  process.on('exit', () => child.kill('SIGKILL'));
  const waiting = [];
  createInterface({ input: child.stdout }).on('line', (line) => {
    waiting.shift().resolve(JSON.parse(line));
    if (waiting.length === 0) child.stdout.unref();
  });
  child.on('exit', (code) => waiting.forEach(({ reject }) => reject(new Error(`Python ended with ${code}`))));
  child.unref();
  child.stdin.unref();
  return (job) =>
    new Promise((resolve, reject) => {
      waiting.push({ resolve, reject });
      child.stdout.ref();
      child.stdin.write(`${JSON.stringify(job)}\n`);
    });
}

class Raised extends Error {
  constructor({ classes, message, body, headers, request_id, status, ...rest }) {
    super(message);
    const own = { classes, error: body, headers: new Headers(headers), requestID: request_id };
    Object.assign(this, own, rest, { status: status ?? undefined });
    this.type ??= body?.error?.type ?? null;
  }
}

/** Classes of an SDK by their names. */
const classes = new Proxy(
  {},
  { get: (_, name) => ({ [Symbol.hasInstance]: (error) => error?.classes?.includes(name) }) },
);

const COLLECT = { messages: collectMessages, chat: collectChat, responses: collectResponses };

async function ask(url, call, body) {
  const { answer, events, error } = await (talk ??= start())({ url, key: KEY, call, body });
  if (error) throw new Raised(error);
  return answer ?? events;
}

/** What its helpers raise also at home, of plays by their names and of streams that break off. */
const RAISES = {
  messages: {},
  chat: { max: /length limit/, refusal: /content filter/ },
  responses: { max: /`response.completed`/, broken: /`response.completed`/ },
};

/** The Python SDK of the same format as its sibling in JavaScript. */
export const python = (name, sibling) => ({
  ...sibling,
  name,
  raises: RAISES[sibling.format],
  sdk: classes,
  connect: (url) => url,
  leave: (url, body) => ask(url, `${sibling.format}_left`, body),
  /** An answer of the shape `{answer: int, why: str}`. */
  parse: (url, body) => ask(url, `${sibling.format}_parsed`, body),
  /** The SDK's own loop, with tools of the same names as ours. */
  loop: (url, body) => ask(url, `${sibling.format}_looped`, body),
  modes: {
    plain: (url, body) => ask(url, sibling.format, body),
    iterated: async (url, body) => COLLECT[sibling.format](await ask(url, `${sibling.format}_iterated`, body)),
    helper: (url, body) => ask(url, `${sibling.format}_helper`, body),
  },
});

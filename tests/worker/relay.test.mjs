// Same format in and out: bytes pass untouched but for `model`, headers by allowlist, hang-ups at once.

import assert from 'node:assert/strict';
import { after, beforeEach, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { gunzipSync } from 'node:zlib';
import { begin, open, send, until, within } from './harness/client.mjs';
import {
  CHAT_PATH,
  KEY,
  MESSAGES_PATH,
  chat,
  claudeProvider,
  config,
  messages,
  openaiProvider,
} from './harness/configs.mjs';
import { completion, completionChunks, messageEvents, stream200 } from './harness/replies.mjs';
import { gatewayFor, upstreamFor } from './harness/setup.mjs';
import { HANG, RESET } from './harness/upstream.mjs';

const MB = 1_000_000;
const upstream = await upstreamFor({ after });
const gateway = await gatewayFor(
  { after },
  {
    config: config([
      openaiProvider(upstream),
      openaiProvider(upstream, { id: 'moved' }),
      claudeProvider(upstream),
    ]),
  },
);
const post = (body, options) => send(gateway.url, { path: CHAT_PATH, body, key: KEY, ...options });
beforeEach(() => upstream.reset());

test('the request body differs in nothing but the model', async () => {
  const body =
    '{ "temperature" : 1.10 ,\n "model" : "alpha/gpt-a" , "seed":12345678901234567890123 ,"e":1E+2,\t"s":"\\u00e9é\\/ \u2028 🌍","messages":[{"role":"user","content":"hi"}], "model_kind":"model" }\n';
  assert.equal((await post(body)).status, 200);
  assert.equal(upstream.requests[0].body.toString(), body.replace('"alpha/gpt-a"', '"gpt-a"'));
  assert.equal(upstream.requests[0].headers['content-length'], String(upstream.requests[0].body.length));
  const without = JSON.stringify(
    messages('beta/claude-b', {
      system: [{ type: 'text', text: 'x', cache_control: { type: 'ephemeral' } }],
    }),
    null,
    3,
  );
  await post(without, { path: MESSAGES_PATH });
  assert.equal(upstream.requests[1].body.toString(), without.replace('"beta/claude-b"', '"claude-b"'));
});

const BODIES = {
  'odd spacing and numbers': Buffer.from('{ "id" :1.0,\r\n"choices":[ ],"n":1e400,"s":"\\ud800" }\n\n'),
  'bytes that are no UTF-8': Buffer.from([0x7b, 0xff, 0xfe, 0x00, 0x7d]),
  nothing: Buffer.alloc(0),
  'one MB': Buffer.alloc(MB, 'ab"\\'),
};
for (const [name, body] of Object.entries(BODIES)) {
  test(`the response body is identical: ${name}`, async () => {
    upstream.script({ body });
    const response = await post(chat());
    assert.equal(response.status, 200);
    assert.ok(response.body.equals(body));
  });
}

test('a compressed response stays readable', async () => {
  upstream.script({ body: completion('gpt-a'), gzip: true });
  const { headers, body } = await post(chat(), { headers: { 'accept-encoding': 'gzip' } });
  const plain = headers['content-encoding'] === 'gzip' ? gunzipSync(body) : body;
  assert.deepEqual(JSON.parse(plain), completion('gpt-a'));
});

for (const [name, path, body, events] of [
  ['OpenAI', CHAT_PATH, chat('alpha/gpt-a', { stream: true }), completionChunks('gpt-a')],
  ['Anthropic', MESSAGES_PATH, messages('beta/claude-b', { stream: true }), messageEvents('claude-b')],
]) {
  test(`an ${name} stream arrives byte for byte, and as it is written`, async () => {
    const bytes = Buffer.from(
      events.join('').replaceAll('\n\n', '\r\n\r\n') + ': comment\n\ndata:unfinished',
    );
    const cut = bytes.indexOf('🌍') + 2; // inside a character
    let proceed;
    const seen = new Promise((resolve) => (proceed = resolve));
    const chunks = async function* () {
      yield bytes.subarray(0, cut);
      await seen;
      yield bytes.subarray(cut);
    };
    upstream.script(() => stream200(chunks()));
    const response = await open(gateway.url, { path, body, key: KEY });
    assert.match(response.headers['content-type'], /^text\/event-stream/);
    const received = [];
    for await (const chunk of response.stream) {
      received.push(chunk);
      if (Buffer.concat(received).length === cut) proceed();
    }
    assert.ok(Buffer.concat(received).equals(bytes));
  });
}

test('success of other statuses and types is relayed', async () => {
  upstream.script({ status: 201, body: 'plain', headers: { 'content-type': 'text/plain; charset=x' } });
  const response = await post(chat());
  assert.deepEqual(
    [response.status, response.text, response.headers['content-type']],
    [201, 'plain', 'text/plain; charset=x'],
  );
});

const PASSING = {
  'retry-after': '7',
  'retry-after-ms': '6500',
  'x-should-retry': 'false',
  'openai-processing-ms': '12',
  'openai-version': '2020-10-01',
  'x-ratelimit-limit-requests': '60',
  'x-ratelimit-remaining-tokens': '149984',
  'anthropic-ratelimit-requests-remaining': '59',
};
const STAYING = {
  'set-cookie': ['a=b', 'c=d'],
  'openai-organization': 'org-1',
  'openai-project': 'proj-1',
  'anthropic-organization-id': 'org-2',
  'anthropic-ratelimit-unified-status': 'allowed',
  'cf-ray': 'x',
  server: 'nginx',
  'www-authenticate': 'Bearer',
  'x-internal': 'yes',
  'strict-transport-security': 'max-age=1',
  'access-control-allow-origin': '*',
  link: '<http://evil.test>; rel=preload',
};

for (const [format, path, body] of [
  ['openai', CHAT_PATH, chat()],
  ['anthropic', MESSAGES_PATH, messages()],
]) {
  test(`response headers cross by allowlist (${format})`, async () => {
    for (const status of [200, 400]) {
      upstream.script({
        status,
        body: { error: { message: 'm', type: 't' } },
        headers: { ...PASSING, ...STAYING, 'request-id': 'req_up', 'x-request-id': 'req_up' },
      });
      const { headers } = await post(body, { path });
      for (const [name, value] of Object.entries(PASSING)) assert.equal(headers[name], value, name);
      for (const name of Object.keys(STAYING)) assert.equal(headers[name], undefined, name);
      assert.equal(headers['x-upstream-request-id'], 'req_up');
      assert.ok(headers['x-request-id'] && headers['x-request-id'] !== 'req_up');
      assert.equal(headers['request-id'], format === 'anthropic' ? headers['x-request-id'] : undefined);
    }
  });
}

test('every request has an id of its own, whatever the client sends', async () => {
  const responses = await Promise.all(
    [1, 2, 3].map(() => post(chat(), { headers: { 'x-request-id': 'mine' } })),
  );
  const ids = responses.map(({ headers }) => headers['x-request-id']);
  assert.equal(new Set(ids).size, 3);
  assert.ok(!ids.includes('mine'));
});

test('client headers reach upstream by allowlist', async () => {
  const headers = {
    cookie: 'a=b',
    'x-forwarded-for': '1.2.3.4',
    'cf-connecting-ip': '1.2.3.4',
    'x-real-ip': '1.2.3.4',
    'user-agent': 'secret-agent/1',
    'openai-organization': 'org-1',
    'x-stainless-os': 'Linux',
    origin: 'https://app.test',
    referer: 'https://app.test',
    'x-anything': 'yes',
    'prompt-cache-key': 'pck',
  };
  await post(chat(), { headers });
  const [seen] = upstream.requests;
  for (const name of Object.keys(headers).filter((name) => name !== 'prompt-cache-key'))
    assert.notEqual(seen.headers[name], headers[name], name);
  assert.equal(seen.headers['x-prompt-cache-key'], 'pck');
  assert.match(seen.headers['content-type'], /^application\/json/);
  assert.equal(seen.headers.host, `127.0.0.1:${upstream.port}`);
});

test('a redirect is not followed with the key', async () => {
  upstream.script({ status: 302, headers: { location: `${upstream.url}/elsewhere` } });
  const response = await post(chat('moved/gpt-a'));
  assert.equal(upstream.requests.length, 1);
  assert.ok(response.status >= 300 && response.headers.location === undefined);
});

for (const [kind, path, body] of [
  ['relayed', CHAT_PATH, chat('alpha/gpt-a', { stream: true })],
  ['translated', MESSAGES_PATH, messages('alpha/gpt-a', { stream: true })],
]) {
  test(`edge 89: a client that leaves a ${kind} stream is seen by the upstream at once, and is no error`, async () => {
    const logged = gateway.stderr();
    upstream.script(stream200([completionChunks('gpt-a')[0], HANG]));
    const response = await open(gateway.url, { path, body, key: KEY, fresh: true });
    await within(new Promise((resolve) => response.stream.once('data', resolve)), 'the first event');
    response.abort();
    await until(() => upstream.requests[0].gone, 'the upstream sees the hang-up', 5_000);
    upstream.script();
    assert.equal((await post(chat())).status, 200); // whatever there is to say was said by now
    assert.equal(gateway.stderr(), logged);
  });
}

test('edge 89: a client that leaves before headers is seen by the upstream at once, and is no error', async () => {
  const logged = gateway.stderr();
  upstream.script(HANG);
  const { answered, abort } = begin(gateway.url, { path: CHAT_PATH, body: chat(), key: KEY, fresh: true });
  await upstream.request();
  abort();
  await assert.rejects(answered);
  await until(() => upstream.requests[0].gone, 'the upstream sees the hang-up', 5_000);
  upstream.script();
  assert.equal((await post(chat())).status, 200);
  assert.equal(gateway.stderr(), logged);
});

test('an upstream that breaks off mid-stream ends the client’s stream, and nothing is retried', async () => {
  upstream.script(stream200([completionChunks('gpt-a')[0], 50, RESET]));
  const response = await open(gateway.url, {
    path: CHAT_PATH,
    body: chat('alpha/gpt-a', { stream: true }),
    key: KEY,
    fresh: true,
  });
  const ended = (async () => {
    for await (const _ of response.stream);
  })().catch(() => 'broken');
  await within(ended, 'the end of the stream');
  assert.equal(upstream.requests.length, 1);
});

test('20 MB/s of SSE leave memory flat', async (t) => {
  const SECONDS = 10;
  const EVENTS_A_SECOND = 100;
  const event = Buffer.from(`data: ${'x'.repeat((20 * MB) / EVENTS_A_SECOND - 8)}\n\n`);
  const chunks = async function* () {
    const started = performance.now();
    for (let sent = 0; sent < SECONDS * EVENTS_A_SECOND; sent++) {
      const ahead = started + (sent * 1_000) / EVENTS_A_SECOND - performance.now();
      if (ahead > 0) yield ahead;
      yield event;
    }
  };
  upstream.script(() => stream200(chunks()));
  const { stream } = await open(gateway.url, {
    path: CHAT_PATH,
    body: chat('alpha/gpt-a', { stream: true }),
    key: KEY,
    fresh: true,
  });
  const whole = SECONDS * EVENTS_A_SECOND * event.length;
  let received = 0;
  const peaks = [0, 0]; // of the first half, in which the heap finds its size, and of the second
  for await (const chunk of stream) {
    received += chunk.length;
    const half = received * 2 > whole ? 1 : 0;
    peaks[half] = Math.max(peaks[half], gateway.rssKb() / 1_024);
  }
  assert.equal(received, whole, 'nothing is lost');
  t.diagnostic(`peaks of ${peaks.map(Math.round).join(' and ')} MB`);
  assert.ok(peaks[1] - peaks[0] < 32, `grew from ${peaks[0]} to ${peaks[1]} MB`);
});

test('a client that does not read holds the upstream back, not memory', async (t) => {
  const piece = Buffer.alloc(64 * 1024, 'x');
  let offered = 0;
  const chunks = async function* () {
    for (; offered < 200 * MB; offered += piece.length) yield piece;
  };
  upstream.script(() => stream200(chunks()));
  const response = await open(gateway.url, {
    path: CHAT_PATH,
    body: chat('alpha/gpt-a', { stream: true }),
    key: KEY,
    fresh: true,
  });
  const before = gateway.rssKb();
  let last = -1;
  await until(async () => {
    const stuck = offered === last;
    last = offered;
    if (!stuck) await pause(500);
    return stuck;
  }, 'the upstream is held back');
  const grown = (gateway.rssKb() - before) / 1024;
  t.diagnostic(`${offered} bytes offered, grew by ${grown.toFixed(1)} MB`);
  assert.ok(offered < 64 * MB, `${offered} bytes taken without a reader`);
  assert.ok(grown < 48, `grew by ${grown} MB`);
  response.abort();
  await until(() => upstream.requests[0].gone, 'the upstream sees the hang-up');
});

// Aliases under workerd: shares under concurrency, caps, cooldowns, and streams that begin badly.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { assertOpenaiError, begin, open, send, together, until, within } from './harness/client.mjs';
import {
  CHAT_PATH,
  KEY,
  MESSAGES_PATH,
  cap,
  chat,
  claudeProvider,
  config,
  messages,
  openaiProvider,
} from './harness/configs.mjs';
import { completionChunks, messageEvents, openaiError, stream200 } from './harness/replies.mjs';
import { gatewayFor, upstreamFor } from './harness/setup.mjs';
import { HANG, RESET } from './harness/upstream.mjs';

const ONCE = { LLM_ROUTER_ORIGIN_RETRY_ATTEMPTS: '1' };

/** A gateway before `alias`es over three upstreams `one/m`, `two/m`, `three/m`. */
async function team(t, { alias, limits = [], scripts = [], vars = {}, provider = openaiProvider }) {
  const upstreams = await together(3, () => upstreamFor(t));
  scripts.forEach((script, index) => script && upstreams[index].script(script));
  const providers = ['one', 'two', 'three'].map((id, index) =>
    provider(upstreams[index], {
      id,
      models: [{ id: 'm' }],
      ...(limits[index] && { rateLimits: [cap(limits[index])] }),
    }),
  );
  const gateway = await gatewayFor(t, {
    config: config(providers, { defaultModel: 'team', modelAliases: { team: alias } }),
    vars,
  });
  const call = { path: CHAT_PATH, key: KEY };
  return {
    gateway,
    ask: (rest = {}) => send(gateway.url, { ...call, body: chat('team', rest) }),
    stream: (rest = {}) => ({ ...call, body: chat('team', { stream: true, ...rest }) }),
    upstreams,
    counts: () => upstreams.map(({ requests }) => requests.length),
  };
}

const ALL = ['one/m', 'two/m', 'three/m'];
const event = (data, name) => `${name ? `event: ${name}\n` : ''}data: ${JSON.stringify(data)}\n\n`;

test('requests at once are shared out by weight', async (t) => {
  const targets = ALL.map((ref, index) => ({ ref, weight: [3, 2, 1][index] }));
  const { ask, counts } = await team(t, { alias: { strategy: 'weighted-rr', targets } });
  const replies = await together(60, () => ask());
  assert.ok(replies.every(({ status }) => status === 200));
  counts().forEach((count, index) => assert.ok(Math.abs(count - [30, 20, 10][index]) <= 1, counts().join()));
});

for (const strategy of ['ordered', 'round-robin', 'weighted-rr', 'quota-aware-weighted-rr', 'auto']) {
  test(`${strategy}: caps hold and the fallback target serves the rest`, async (t) => {
    const { ask, counts } = await team(t, {
      alias: { strategy, targets: ['one/m', 'two/m'], fallbackTargets: ['three/m'] },
      limits: [5, 7, 4],
    });
    const replies = await together(30, () => ask());
    assert.deepEqual(counts(), [5, 7, 4]);
    const refused = replies.filter(({ status }) => status !== 200);
    assert.equal(refused.length, 14);
    refused.forEach((reply) => assertOpenaiError(reply, 429, { type: 'rate_limit_error' }));
  });
}

test('a provider that cools down for a moment is waited for', async (t) => {
  const limited = openaiError(429, 'rate_limit_error', { headers: { 'retry-after': '1' } });
  const { ask, counts } = await team(t, {
    alias: { targets: ['one/m'] },
    scripts: [(_, index) => (index === 0 ? limited : undefined)],
  });
  const began = Date.now();
  assert.equal((await ask()).status, 429);
  assert.equal((await ask()).status, 200);
  assert.ok(Date.now() - began > 900, 'it waited');
  assert.deepEqual(counts(), [2, 0, 0]);
});

for (const [name, script] of Object.entries({
  'an OpenAI error': stream200([event({ error: { message: 'busy', type: 'server_error' } }), HANG]),
  'an error in small pieces': stream200(['da', 'ta: {"err', 5, 'or":{"message":"busy"}}\n', '\n', HANG]),
  'an error after a comment in one piece': stream200([`: wait\n\n${event({ error: { code: 503 } })}`, HANG]),
  'an error after keep-alives': stream200([
    ...['\r\n', ': wai', 't\r', '\n\r\nretry: 500\n\n', ': wait\n\n'].flatMap((piece) => [piece, 20]),
    ...[event({ error: { message: 'busy' } }), HANG],
  ]),
  'an error after pings': stream200([
    ...['event: ping\ndata: {"type": "ping"}\n\n', 'event: ping\nda', 'ta: {"type":"ping"}\n\n'].flatMap((piece) => [piece, 20]),
    ...['event: error\ndata: {"type":"error","error":{"type":"overloaded_error","message":"busy"}}\n\n', HANG],
  ]),
  'an error after announcements': stream200([
    ...['event: response.created\ndata: {"type":"response.created"}\n\n', 20],
    ...['data: {"type":"response.in_progress"}\n\n', 20],
    ...['data: {"type":"response.failed","response":{"error":{"code":"server_error"}}}\n\n', HANG],
  ]),
  'comments and nothing else': stream200([': wait\n\n', 20, ': wait\n\n']),
  'comments before a broken connection': stream200([': wait\n\n', 20, RESET]),
  nothing: stream200([]),
  'a broken connection': stream200([10, RESET]),
})) {
  test(`a stream that begins with ${name} goes to the next candidate`, async (t) => {
    const { gateway, stream, counts } = await team(t, {
      alias: { strategy: 'ordered', targets: ALL },
      scripts: [script],
      vars: ONCE,
    });
    const response = await send(gateway.url, stream());
    assert.equal(response.status, 200, response.text);
    assert.equal(response.text, completionChunks('m').join(''));
    assert.deepEqual(counts(), [1, 1, 0]);
  });
}

test('an Anthropic stream that begins with an error goes to the next candidate', async (t) => {
  const error = event({ type: 'error', error: { type: 'overloaded_error', message: 'busy' } }, 'error');
  const { gateway, counts } = await team(t, {
    alias: { strategy: 'ordered', targets: ALL },
    scripts: [stream200([error])],
    vars: ONCE,
    provider: claudeProvider,
  });
  const body = messages('team', { stream: true });
  const response = await send(gateway.url, { path: MESSAGES_PATH, key: KEY, body });
  assert.equal(response.text, messageEvents('m').join(''));
  assert.deepEqual(counts(), [1, 1, 0]);
});

test('when every stream begins with an error the client gets that error', async (t) => {
  const limited = stream200([event({ error: { message: 'slow down', type: 'rate_limit_error' } })]);
  const { gateway, stream } = await team(t, {
    alias: { targets: ['one/m', 'two/m'] },
    scripts: [limited, limited],
  });
  const response = await send(gateway.url, stream());
  assert.equal(response.headers['content-type'], 'application/json');
  assert.equal(response.status, 429);
  assert.deepEqual(response.json.error, { message: 'slow down', type: 'rate_limit_error' });
});

for (const [name, first] of Object.entries({
  'a ping': event({ type: 'ping' }, 'ping'),
  'a large event': event({ choices: [], pad: 'x'.repeat(200_000) }),
})) {
  test(`${name} is passed on at once, and what follows with it`, async (t) => {
    const { gateway, stream } = await team(t, {
      alias: { targets: ['one/m'] },
      scripts: [stream200([first, 300, ...completionChunks('m')])],
    });
    const response = await within(open(gateway.url, stream()), 'headers');
    assert.equal(response.status, 200);
    let text = '';
    for await (const chunk of response.stream.setEncoding('utf8')) text += chunk;
    assert.equal(text, first + completionChunks('m').join(''));
  });
}

for (const [name, chunks] of Object.entries({ 'breaks off': ['{"id', 20, RESET], 'falls silent': ['{"id', HANG] })) {
  test(`a short answer that ${name} is had from the next candidate, and not asked for twice`, async (t) => {
    const { ask, counts } = await team(t, {
      alias: { strategy: 'ordered', targets: ALL },
      scripts: [{ headers: { 'content-length': '300' }, chunks }],
      vars: { LLM_ROUTER_STREAM_IDLE_TIMEOUT_MS: '1000' },
    });
    const response = await ask();
    assert.equal(response.status, 200, response.text);
    assert.deepEqual(counts(), [1, 1, 0]);
  });
}

test('comments before the first event are passed on as they came', async (t) => {
  const before = ['\n', ': keep-alive\n', '\n: and another\r\n\r\nid: 7\n'];
  const { gateway, stream, counts } = await team(t, {
    alias: { targets: ALL },
    scripts: [stream200([...before.flatMap((piece) => [piece, 20]), ...completionChunks('m')])],
  });
  const response = await send(gateway.url, stream());
  assert.equal(response.text, before.join('') + completionChunks('m').join(''));
  assert.deepEqual(counts(), [1, 0, 0]);
});

test('a stream that only keeps alive is begun after a while', async (t) => {
  const { gateway, stream, counts, upstreams } = await team(t, {
    alias: { targets: ALL },
    scripts: [stream200(Array(2_000).fill([': wait\n\n', 20]).flat())],
  });
  const response = await within(open(gateway.url, stream()), 'headers', 20_000);
  assert.equal(response.status, 200);
  let text = '';
  for await (const chunk of response.stream.setEncoding('utf8')) {
    text += chunk;
    if (text.length > 3_000) break;
  }
  assert.match(text, /^(: wait\n\n)+/);
  response.abort();
  await until(() => upstreams[0].requests[0].gone, 'the upstream is hung up on');
  assert.deepEqual(counts(), [1, 0, 0]);
});

test('an error after the first event is the client’s to see', async (t) => {
  const error = event({ error: { message: 'late', type: 'server_error' } });
  const [first] = completionChunks('m');
  const { gateway, stream, counts } = await team(t, {
    alias: { targets: ALL },
    scripts: [stream200([first, error])],
  });
  assert.equal((await send(gateway.url, stream())).text, first + error);
  assert.deepEqual(counts(), [1, 0, 0]);
});

test('a client that leaves before a stream begins takes the upstream with it', async (t) => {
  const upstream = await upstreamFor(t);
  upstream.script(stream200([HANG]));
  const gateway = await gatewayFor(t, { config: config([openaiProvider(upstream)]) });
  const { answered, abort } = begin(gateway.url, {
    path: CHAT_PATH,
    key: KEY,
    body: chat('alpha/gpt-a', { stream: true }),
    fresh: true,
  });
  answered.catch(() => {});
  const request = await upstream.request();
  abort();
  await until(() => request.gone, 'the upstream is hung up on');
});

// Slow upstreams: headers have a limit, pauses have a limit, a healthy stream has none.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { assertAnthropicError, assertOpenaiError, open, send, until, within } from './harness/client.mjs';
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
import { HANG } from './harness/upstream.mjs';

const vars = {
  LLM_ROUTER_UPSTREAM_TIMEOUT_MS: '1', // brought to the least of one second
  LLM_ROUTER_STREAM_IDLE_TIMEOUT_MS: '1', // likewise
  LLM_ROUTER_FALLBACK_CIRCUIT_FAILURES: '0',
};
/** A gateway and an upstream of a test's own, so that the tests can run at once. */
async function pair(t, providers = {}) {
  const upstream = await upstreamFor(t);
  const gateway = await gatewayFor(t, {
    config: config([openaiProvider(upstream, providers), claudeProvider(upstream)]),
    vars,
  });
  return { upstream, gateway };
}
const call = { openai: [CHAT_PATH, chat], anthropic: [MESSAGES_PATH, messages] };
const options = (format, rest = {}) => ({
  path: call[format][0],
  body: call[format][1](undefined, rest),
  key: KEY,
});

async function collect(stream) {
  const chunks = [];
  const reading = (async () => {
    for await (const chunk of stream) chunks.push(chunk);
    return 'ended';
  })().catch((error) => error);
  const how = await within(reading, 'the end of the stream');
  return { how, text: Buffer.concat(chunks).toString() };
}

test('slow upstreams', { concurrency: 4 }, async (t) => {
  await Promise.all([
    t.test('no headers in time: 504 in the caller’s format, upstream is hung up on', async (t) => {
      const { upstream, gateway } = await pair(t);
      upstream.script(HANG);
      assertOpenaiError(await send(gateway.url, options('openai')), 504, {
        type: 'server_error',
        code: 'timeout',
      });
      assertAnthropicError(await send(gateway.url, options('anthropic')), 504, 'timeout_error');
      assertOpenaiError(await send(gateway.url, options('openai', { stream: true })), 504, {
        type: 'server_error',
      });
      assert.equal(upstream.requests.length, 3, 'not retried: the upstream may be charging for it');
      await until(() => upstream.requests.every(({ gone }) => gone), 'the upstream is hung up on');
    }),

    t.test('no headers in time: the fallback is tried', async (t) => {
      const other = await upstreamFor(t);
      const upstream = await upstreamFor(t);
      upstream.script(HANG);
      const providers = [
        openaiProvider(upstream, { models: [{ id: 'gpt-a', fallbackModels: ['other/gpt-a'] }] }),
        openaiProvider(other, { id: 'other' }),
      ];
      const gateway = await gatewayFor(t, { config: config(providers), vars });
      assert.equal((await send(gateway.url, options('openai'))).status, 200);
      assert.equal(other.requests.length, 1);
    }),

    t.test('an Anthropic stream that stalls ends with an error event', async (t) => {
      const { upstream, gateway } = await pair(t);
      const begun = messageEvents('claude-b').slice(0, 4);
      upstream.script(stream200([...begun, HANG]));
      const { how, text } = await collect(
        (await open(gateway.url, options('anthropic', { stream: true }))).stream,
      );
      assert.equal(how, 'ended');
      assert.ok(text.startsWith(begun.join('')));
      const [, data] = /event: error\ndata: (.*)\n\n$/.exec(text) ?? assert.fail(text);
      assert.equal(JSON.parse(data).type, 'error');
      assert.equal(JSON.parse(data).error.type, 'api_error');
      await until(() => upstream.requests[0].gone, 'the upstream is hung up on');
    }),

    t.test('an OpenAI stream that stalls inside an event ends with an error', async (t) => {
      const { upstream, gateway } = await pair(t);
      const begun = completionChunks('gpt-a').slice(0, 2).join('');
      upstream.script(stream200([begun, 'data: {"half', HANG]));
      const { how, text } = await collect(
        (await open(gateway.url, options('openai', { stream: true }))).stream,
      );
      assert.equal(how, 'ended');
      const events = text.split('\n\n').filter((event) => event.startsWith('data: '));
      assert.equal(events.at(-1), 'data: [DONE]');
      assert.equal(JSON.parse(events.at(-2).slice(6)).error.type, 'server_error');
    }),

    t.test('a failure whose body stalls is told with what has come of it', async (t) => {
      const { upstream, gateway } = await pair(t);
      upstream.script({ status: 400, headers: { 'content-type': 'application/json' }, chunks: ['{"error":', HANG] });
      const answer = await send(gateway.url, options('openai'));
      assert.deepEqual([answer.status, answer.text], [400, '{"error":']);
      await until(() => upstream.requests.every(({ gone }) => gone), 'the upstream is hung up on');
    }),

    t.test('a stream that never begins ends with an error', async (t) => {
      const { upstream, gateway } = await pair(t);
      upstream.script(stream200([HANG]));
      const { text } = await collect((await open(gateway.url, options('openai', { stream: true }))).stream);
      assert.match(text, /"error"/);
    }),

    t.test('a plain body that stalls does not keep the client', async (t) => {
      const { upstream, gateway } = await pair(t);
      upstream.script({ chunks: ['{"id":', HANG] });
      const response = await open(gateway.url, options('openai'));
      const { how, text } = await collect(response.stream);
      assert.throws(() => JSON.parse(text), 'half a body is no success');
      assert.ok(how);
    }),

    t.test('neither is one that is gathered for a client that wants none', async (t) => {
      const upstream = await upstreamFor(t);
      const model = { id: 'gpt-codex', capabilities: { speaksCodexDialect: true } };
      const url = `${upstream.url}/v1`;
      const provider = { id: 'r', formats: ['openai-responses'], baseUrl: url, apiKey: 'sk-r', models: [model] };
      const gateway = await gatewayFor(t, { config: config([provider]), vars });
      const event = (type, rest) => `event: ${type}\ndata: ${JSON.stringify({ type, ...rest })}\n\n`;
      const content = [{ type: 'output_text', text: 'slowly', annotations: [] }];
      const item = { id: 'msg_1', type: 'message', role: 'assistant', status: 'completed', content };
      const response = { id: 'resp_1', object: 'response', status: 'in_progress', output: [] };
      const events = [
        event('response.created', { response }),
        event('response.output_item.added', { output_index: 0, item: { ...item, content: [] } }),
        event('response.output_text.delta', { item_id: 'msg_1', output_index: 0, content_index: 0, delta: 'slow' }),
        event('response.output_text.delta', { item_id: 'msg_1', output_index: 0, content_index: 0, delta: 'ly' }),
        event('response.output_item.done', { output_index: 0, item }),
        event('response.completed', { response: { ...response, status: 'completed', output: [item] } }),
      ];
      upstream.script(stream200(events.flatMap((event) => [250, event]))); // 1.5 s in all, limits of 1 s
      const answer = await send(gateway.url, { path: CHAT_PATH, key: KEY, body: chat('r/gpt-codex') });
      assert.equal(answer.status, 200, answer.text);
      assert.equal(JSON.parse(answer.text).choices[0].message.content, 'slowly');
      assert.equal(upstream.requests.length, 1);
    }),

    t.test('a healthy stream is not cut, however long it takes', async (t) => {
      const { upstream, gateway } = await pair(t);
      const events = completionChunks('gpt-a');
      upstream.script(stream200(events.flatMap((event) => [250, event]))); // 2 s in all, limits of 1 s
      const { how, text } = await collect(
        (await open(gateway.url, options('openai', { stream: true }))).stream,
      );
      assert.equal(how, 'ended');
      assert.equal(text, events.join(''));
    }),

    t.test('headers that come late but in time are waited for', async (t) => {
      const { upstream, gateway } = await pair(t);
      upstream.script({ delay: 300, body: completion('gpt-a') });
      assert.equal((await send(gateway.url, options('openai'))).status, 200);
    }),

    t.test('a client that reads slowly is not taken for a slow upstream', async (t) => {
      const { upstream, gateway } = await pair(t);
      const bytes = 24 * 1024 * 1024; // more than the sockets in between hold
      upstream.script(stream200(Array(bytes / 65_536).fill(Buffer.alloc(65_536, 'x'))));
      const { stream } = await open(gateway.url, { ...options('openai', { stream: true }), fresh: true });
      await pause(2_500);
      const { how, text } = await collect(stream);
      assert.equal(how, 'ended');
      assert.equal(text.length, bytes);
    }),
  ]);
});

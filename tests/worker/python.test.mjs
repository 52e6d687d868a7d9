// The official Python SDKs, each in a process of its own.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { after, test } from 'node:test';
import { promisify } from 'node:util';
import { KEY, cap, claudeProvider, config, openaiProvider } from './harness/configs.mjs';
import { ROOT } from './harness/names.mjs';
import { TEXT, anthropicError, answerTo, isMessages, openaiError } from './harness/replies.mjs';
import { gatewayFor, upstreamFor } from './harness/setup.mjs';

const PYTHON = `${ROOT}.venv/bin/python`;
const skip = existsSync(PYTHON) ? false : 'no .venv/';
const models = [
  { id: 'gpt-a' },
  { id: 'claude-b' },
  { id: 'limited' },
  ...['400', '404', '500', '529'].map((id) => ({ id })),
];
const rateLimits = [{ ...cap(1), id: 'limited', models: ['limited'] }];

const upstream = await upstreamFor({ after });
upstream.script((request) => {
  const status = Number(request.json.model);
  if (!status) return answerTo(request);
  return isMessages(request.path)
    ? anthropicError(status, 'some_type')
    : openaiError(status, 'some_type', { code: 'some_code' });
});
const gateway = await gatewayFor(
  { after },
  {
    config: config([
      openaiProvider(upstream, { models, rateLimits }),
      claudeProvider(upstream, { models, rateLimits }),
    ]),
    vars: { LLM_ROUTER_ORIGIN_RETRY_ATTEMPTS: '1' },
  },
);

async function run(script, baseUrl) {
  const { stdout } = await promisify(execFile)(
    PYTHON,
    [`${ROOT}tests/worker/python/${script}`, baseUrl, KEY],
    { env: { PATH: process.env.PATH }, timeout: 60_000 },
  );
  return JSON.parse(stdout);
}

test('openai', { skip }, async () => {
  const seen = await run('openai_client.py', `${gateway.url}/v1`);
  assert.deepEqual([seen.plain, seen.stream, seen.helper], [TEXT, TEXT, TEXT]);
  assert.match(seen.request_id, /./);
  assert.ok(seen.models.includes('alpha/gpt-a'));
  assert.deepEqual(seen.wrong_key, {
    class: 'AuthenticationError',
    status: 401,
    type: 'invalid_request_error',
    code: 'invalid_api_key',
  });
  assert.deepEqual([seen.unknown_model.class, seen.unknown_model.status], ['NotFoundError', 404]);
  assert.deepEqual(seen.quota, {
    class: 'RateLimitError',
    status: 429,
    type: 'rate_limit_error',
    code: 'rate_limit_exceeded',
  });
  const upstream = (name, status) => ({ class: name, status, type: 'some_type', code: 'some_code' });
  assert.deepEqual(seen.upstream, {
    400: upstream('BadRequestError', 400),
    404: upstream('NotFoundError', 404),
    500: upstream('InternalServerError', 500),
  });
});

test('anthropic', { skip }, async () => {
  const seen = await run('anthropic_client.py', gateway.url);
  assert.deepEqual([seen.plain, seen.stream, seen.usage], [TEXT, TEXT, 5]);
  assert.match(seen.request_id, /./);
  assert.ok(seen.models.includes('beta/claude-b'));
  assert.deepEqual(seen.wrong_key, {
    class: 'AuthenticationError',
    status: 401,
    type: 'authentication_error',
  });
  assert.deepEqual([seen.unknown_model.class, seen.unknown_model.status], ['NotFoundError', 404]);
  assert.deepEqual(seen.quota, { class: 'RateLimitError', status: 429, type: 'rate_limit_error' });
  const upstream = (name, status) => ({ class: name, status, type: 'some_type' });
  assert.deepEqual(seen.upstream, {
    400: upstream('BadRequestError', 400),
    404: upstream('NotFoundError', 404),
    529: upstream('OverloadedError', 529),
  });
});

// Errors of a provider of the other format raise what the official SDKs raise at home: the class that goes
// with the status, and the type and code that programs look at.

import assert from 'node:assert/strict';
import { after, beforeEach, describe, test } from 'node:test';
import { anthropicError, openaiError } from './harness/replies.mjs';
import { OF_CHAT, OF_MESSAGES } from './harness/translate/errors.mjs';
import { sdks } from './harness/translate/sdks.mjs';
import { foreign, play, stageFor } from './harness/translate/stage.mjs';
import { PLAYS } from './harness/translate/turns.mjs';

const CLASSES = {
  400: 'BadRequestError',
  403: 'PermissionDeniedError',
  404: 'NotFoundError',
  422: 'UnprocessableEntityError',
  429: 'RateLimitError',
};
const MODES = ['plain', 'iterated', 'helper'];
const CASES = { chat: OF_CHAT, messages: OF_MESSAGES, responses: OF_CHAT };

/** An upstream that asks to be left alone is left alone, so each test has a model of its own. */
const models = [];
const tests = sdks.flatMap((client) =>
  foreign(client).map((upstream) => ({
    client,
    upstream,
    cases: CASES[upstream].map(([name, reply, told, headers = {}]) => ({
      name,
      reply,
      headers,
      // What OpenAI's formats have in common goes from one to the other as it is.
      told: upstream !== 'messages' && client.format !== 'messages' ? undefined : told,
      modes: MODES.map((mode) => ({ mode, model: models[models.push(`m${models.length}`) - 1] })),
    })),
  })),
);
models.push(
  'hopeless',
  ...sdks.flatMap(({ name }) => MODES.map((mode) => `${name}-${mode}`.replaceAll(/[^a-z0-9]/gi, '-'))),
);
const stage = await stageFor({ after }, { models, vars: { LLM_ROUTER_COOLDOWN_WAIT_MS: '1000' } });
beforeEach(stage.reset);

for (const { client, upstream, cases } of tests) {
  describe(`${client.name}, provider of ${upstream}`, () => {
    for (const { name, reply, told, headers, modes } of cases) {
      for (const { mode, model } of modes) {
        test(`${name}, ${mode}`, async () => {
          stage.upstreams[upstream].script(reply);
          const history = client.user('hi');
          const body = client.body({ model: `${upstream}/${model}`, history });
          await assert.rejects(client.modes[mode](client.connect(stage.url), body), (error) => {
            check(client, error, told ?? home(reply), headers);
            return true;
          });
          assert.equal(stage.upstreams[upstream].requests.length, 1);
        });
      }
    }
  });
}

for (const client of sdks.filter(({ raises }) => raises === undefined)) {
  for (const upstream of foreign(client)) {
    describe(`${client.name}, provider of ${upstream}, trying again`, () => {
      const provider = stage.upstreams[upstream];
      const error = upstream === 'messages' ? anthropicError : openaiError;
      const ask = (mode, model) => {
        const body = client.body({ model: `${upstream}/${model}`, history: client.user('play:text') });
        return client.modes[mode](client.connect(stage.url, { maxRetries: 2 }), body);
      };
      for (const mode of MODES) {
        test(`what passes is waited for, ${mode}`, async () => {
          const replies = [
            error(429, 'rate_limit_error', { headers: { 'retry-after-ms': '40' } }),
            error(503, 'api_error', { headers: { 'retry-after-ms': '40' } }),
          ];
          provider.script((request) => replies.shift() ?? play(request));
          const { text } = client.heard(
            await ask(mode, `${client.name}-${mode}`.replaceAll(/[^a-z0-9]/gi, '-')),
          );
          assert.equal(text, PLAYS.text[0].text.join(''));
          assert.equal(provider.requests.length, 3);
        });

        test(`what does not pass is not tried again, ${mode}`, async () => {
          for (const status of [400, 401, 402, 404, 413]) {
            provider.reset();
            provider.script(error(status, 'some_error'));
            await assert.rejects(ask(mode, 'hopeless'), (error) => error instanceof client.sdk.APIError);
            assert.equal(provider.requests.length, 1, `${status}`);
          }
        });
      }
    });
  }
}

/** What OpenAI's formats both say of an error that OpenAI's API answered. */
function home({ status, body }) {
  if (status === 401) return [502, 'server_error', null, /refused the key/];
  if (status === 402) return [429, 'insufficient_quota', 'insufficient_quota', /credits/];
  if (typeof body === 'string') return [status, 'server_error', null, /Bad Gateway|502/];
  const { type, code, message } = body.error;
  const named = type === 'requests' ? 'rate_limit_error' : type;
  return [status, named, code, message];
}

function check(client, error, told, headers) {
  const [status, type, ...rest] = told;
  const words = rest.pop();
  const { sdk } = client;
  const kind = CLASSES[status] ?? (status >= 500 ? 'InternalServerError' : 'APIError');
  assert.ok(error instanceof sdk[kind], `${error.constructor.name}: ${error.message}`);
  assert.equal(error.status, status);
  const { error: inner } = client.format === 'messages' ? error.error : { error: error.error };
  assert.match(
    inner.message,
    words instanceof RegExp ? words : new RegExp(`^${words.replaceAll(/\W/g, '.')}$`),
  );
  assert.equal(inner.type, type);
  if (rest.length) assert.equal(inner.code, rest[0]);
  assert.equal(
    error.requestID,
    error.headers.get(client.format === 'messages' ? 'request-id' : 'x-request-id'),
  );
  assert.match(error.requestID, /./);
  const hopeless =
    ['billing_error', 'insufficient_quota'].includes(type) || /refused the key/.test(inner.message);
  if (hopeless) assert.equal(error.headers.get('x-should-retry'), 'false');
  for (const [name, value] of Object.entries(headers)) {
    const translated = client.format === 'messages' || !name.startsWith('anthropic-');
    if (translated) assert.equal(error.headers.get(name), value, name);
  }
}

// Anthropic's official SDK cannot tell that it talks to a gateway.

import assert from 'node:assert/strict';
import { after, beforeEach, describe, test } from 'node:test';
import * as latest from '@anthropic-ai/sdk';
import * as previous from 'anthropic-sdk-0';
import { KEY, cap, claudeProvider, config } from './harness/configs.mjs';
import { TEXT, anthropicError, messageEvents, stream200 } from './harness/replies.mjs';
import { gatewayFor, upstreamFor } from './harness/setup.mjs';

const STATUSES = {
  400: 'BadRequestError',
  403: 'PermissionDeniedError',
  404: 'NotFoundError',
  409: 'ConflictError',
  422: 'UnprocessableEntityError',
  429: 'RateLimitError',
  500: 'InternalServerError',
  529: 'InternalServerError',
};
const upstream = await upstreamFor({ after });
const gateway = await gatewayFor(
  { after },
  {
    config: config([
      claudeProvider(upstream, {
        models: [{ id: 'claude-b' }, { id: 'limited' }],
        rateLimits: [{ ...cap(1), id: 'limited', models: ['limited'] }],
      }),
      ...['e', 'f'].flatMap((prefix) =>
        Object.keys(STATUSES).map((status) => claudeProvider(upstream, { id: `${prefix}${status}` })),
      ),
    ]),
    vars: { LLM_ROUTER_ORIGIN_RETRY_ATTEMPTS: '1' },
  },
);
beforeEach(() => upstream.reset());
const body = { model: 'beta/claude-b', max_tokens: 64, messages: [{ role: 'user', content: 'hi' }] };

for (const [name, sdk, prefix] of [
  ['@anthropic-ai/sdk 1', latest, 'e'],
  ['@anthropic-ai/sdk 0', previous, 'f'],
]) {
  describe(name, () => {
    const client = (options = {}) =>
      new sdk.Anthropic({ apiKey: KEY, baseURL: gateway.url, maxRetries: 0, ...options });

    for (const path of ['', '/anthropic']) {
      test(`creates a message at ${path || '/'}`, async () => {
        const { data, response, request_id } = await client({ baseURL: gateway.url + path })
          .messages.create(body)
          .withResponse();
        assert.equal(data.content[0].text, TEXT);
        assert.equal(data.stop_reason, 'end_turn');
        assert.equal(request_id, response.headers.get('request-id'));
        assert.match(data._request_id, /./);
        assert.match(upstream.requests[0].headers['anthropic-version'], /^20\d\d-/);
      });
    }

    test('takes a bearer token for a key', async () => {
      const message = await client({ apiKey: null, authToken: KEY }).messages.create(body);
      assert.equal(message.content[0].text, TEXT);
    });

    test('streams by iteration and by helper', async () => {
      let text = '';
      for await (const event of await client().messages.create({ ...body, stream: true })) {
        if (event.type === 'content_block_delta') text += event.delta.text;
      }
      assert.equal(text, TEXT);
      const final = await client().messages.stream(body).finalMessage();
      assert.equal(final.content[0].text, TEXT);
      assert.deepEqual([final.stop_reason, final.usage.output_tokens], ['end_turn', 5]);
    });

    test('sends betas on', async () => {
      await client().beta.messages.create({ ...body, betas: ['some-beta-2026-01-01'] });
      assert.equal(upstream.requests[0].path, '/v1/messages');
      assert.match(upstream.requests[0].headers['anthropic-beta'], /some-beta-2026-01-01/);
    });

    for (const path of ['', '/anthropic']) {
      test(`lists models at ${path || '/'}`, async () => {
        const ids = [];
        for await (const model of client({ baseURL: gateway.url + path }).models.list()) ids.push(model.id);
        assert.ok(ids.includes('beta/claude-b'));
      });

      test(`turns the pages of the list at ${path || '/'}`, async () => {
        const { models } = client({ baseURL: gateway.url + path });
        const whole = (await models.list()).data.map(({ id }) => id);
        const ids = [];
        for await (const model of models.list({ limit: 3 })) ids.push(model.id);
        assert.deepEqual(ids, whole);
        assert.ok(whole.length > 6, 'several pages');
        const back = [];
        for await (const page of (await models.list({ limit: 3, before_id: whole.at(-1) })).iterPages())
          back.unshift(...page.data.map(({ id }) => id));
        assert.deepEqual(back, whole.slice(0, -1));
        await assert.rejects(models.list({ limit: 1001 }), sdk.BadRequestError);
      });

      test(`retrieves a model at ${path || '/'}`, async () => {
        const { models } = client({ baseURL: gateway.url + path });
        const model = await models.retrieve('beta/claude-b');
        assert.deepEqual([model.id, model.type], ['beta/claude-b', 'model']);
        await assert.rejects(models.retrieve('nope/nope'), sdk.NotFoundError);
      });
    }

    test('raises AuthenticationError for a wrong key', async () => {
      await assert.rejects(client({ apiKey: 'wrong' }).messages.create(body), (error) => {
        assert.ok(error instanceof sdk.AuthenticationError);
        assert.equal(error.error.error.type, 'authentication_error');
        assert.match(error.requestID, /./);
        return true;
      });
    });

    test('raises NotFoundError for an unknown model', async () => {
      await assert.rejects(client().messages.create({ ...body, model: 'nope/nope' }), sdk.NotFoundError);
    });

    test('raises RateLimitError when the quota is used up', async () => {
      const limited = { ...body, model: 'beta/limited' };
      await client()
        .messages.create(limited)
        .catch(() => {});
      await assert.rejects(client().messages.create(limited), (error) => {
        assert.ok(error instanceof sdk.RateLimitError);
        assert.equal(error.error.error.type, 'rate_limit_error');
        assert.ok(Number(error.headers.get('retry-after')) > 0);
        return true;
      });
    });

    for (const [status, type] of Object.entries(STATUSES)) {
      test(`raises ${type} for an upstream’s ${status}`, async () => {
        upstream.script(anthropicError(Number(status), 'some_error'));
        await assert.rejects(
          client().messages.create({ ...body, model: `${prefix}${status}/claude-b` }),
          (error) => {
            assert.ok(error instanceof sdk[type], `${error.constructor.name} ${error.message}`);
            assert.equal(error.error.error.type, 'some_error');
            return true;
          },
        );
      });
    }

    test('raises an upstream’s error inside a stream', async () => {
      const error =
        'event: error\ndata: {"type":"error","error":{"type":"overloaded_error","message":"boom"}}\n\n';
      upstream.script(stream200([...messageEvents('claude-b').slice(0, 4), error]));
      await assert.rejects(client().messages.stream(body).finalMessage(), sdk.APIError);
    });
  });
}

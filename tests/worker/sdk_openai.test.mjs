// OpenAI's official SDK cannot tell that it talks to a gateway.

import assert from 'node:assert/strict';
import { after, beforeEach, describe, test } from 'node:test';
import * as latest from 'openai';
import * as previous from 'openai-5';
import * as newest from 'openai-7';
import { until } from './harness/client.mjs';
import { KEY, cap, config, openaiProvider } from './harness/configs.mjs';
import { TEXT, completionChunks, openaiError, stream200 } from './harness/replies.mjs';
import { gatewayFor, upstreamFor } from './harness/setup.mjs';

const upstream = await upstreamFor({ after });
const gateway = await gatewayFor(
  { after },
  {
    config: config([
      openaiProvider(upstream, {
        models: [{ id: 'gpt-a' }, { id: 'limited' }],
        rateLimits: [{ ...cap(1), id: 'limited', models: ['limited'] }],
      }),
      ...['e', 'f', 'g'].flatMap((prefix) =>
        [400, 403, 404, 409, 422, 429, 500].map((status) =>
          openaiProvider(upstream, { id: `${prefix}${status}` }),
        ),
      ),
    ]),
    vars: { LLM_ROUTER_ORIGIN_RETRY_ATTEMPTS: '1' },
  },
);
beforeEach(() => upstream.reset());
const body = { model: 'alpha/gpt-a', messages: [{ role: 'user', content: 'hi' }] };

for (const [name, sdk, prefix] of [
  ['openai 6', latest, 'e'],
  ['openai 5', previous, 'f'],
  ['openai 7', newest, 'g'],
]) {
  describe(name, () => {
    const client = (options = {}) =>
      new sdk.OpenAI({ apiKey: KEY, baseURL: `${gateway.url}/v1`, maxRetries: 0, ...options });

    for (const path of ['/v1', '/openai/v1', '/openai', '']) {
      test(`completes a chat at ${path || '/'}`, async () => {
        const { data, response, request_id } = await client({ baseURL: gateway.url + path })
          .chat.completions.create(body)
          .withResponse();
        assert.equal(data.choices[0].message.content, TEXT);
        assert.equal(data.usage.total_tokens, 14);
        assert.equal(request_id, response.headers.get('x-request-id'));
      });
    }

    test('streams by iteration and by helper', async () => {
      let text = '';
      for await (const chunk of await client().chat.completions.create({ ...body, stream: true }))
        text += chunk.choices[0].delta.content ?? '';
      assert.equal(text, TEXT);
      const final = await client().chat.completions.stream(body).finalChatCompletion();
      assert.equal(final.choices[0].message.content, TEXT);
      assert.equal(final.choices[0].finish_reason, 'stop');
    });

    test('aborting a stream hangs up on the upstream', async () => {
      upstream.script(
        stream200([completionChunks('gpt-a')[0], ...Array(1_000).fill([': still here\n\n', 10]).flat()]),
      );
      const stream = await client().chat.completions.create({ ...body, stream: true });
      for await (const _ of stream) break;
      await until(() => upstream.requests[0].gone, 'the upstream sees the hang-up');
    });

    test('lists models', async () => {
      const ids = [];
      for await (const model of await client().models.list()) ids.push(model.id);
      assert.ok(ids.includes('alpha/gpt-a'));
      assert.equal(new Set(ids).size, ids.length);
    });

    for (const path of ['/v1', '/openai/v1']) {
      test(`retrieves a model at ${path}`, async () => {
        const { models } = client({ baseURL: gateway.url + path });
        const model = await models.retrieve('alpha/gpt-a');
        assert.deepEqual([model.id, model.object, model.owned_by], ['alpha/gpt-a', 'model', 'alpha']);
        await assert.rejects(
          models.retrieve('nope/nope'),
          (error) => error instanceof sdk.NotFoundError && error.code === 'model_not_found',
        );
      });
    }

    test('raises AuthenticationError for a wrong key', async () => {
      await assert.rejects(client({ apiKey: 'wrong' }).chat.completions.create(body), (error) => {
        assert.ok(error instanceof sdk.AuthenticationError);
        assert.equal(error.code, 'invalid_api_key');
        assert.match(error.requestID, /./);
        return true;
      });
    });

    test('raises NotFoundError for an unknown model', async () => {
      await assert.rejects(
        client().chat.completions.create({ ...body, model: 'nope/nope' }),
        (error) => error instanceof sdk.NotFoundError && error.code === 'model_not_found',
      );
    });

    test('raises RateLimitError when the quota is used up', async () => {
      const limited = { ...body, model: 'alpha/limited' };
      await client()
        .chat.completions.create(limited)
        .catch(() => {});
      await assert.rejects(client().chat.completions.create(limited), (error) => {
        assert.ok(error instanceof sdk.RateLimitError);
        assert.equal(error.code, 'rate_limit_exceeded');
        assert.ok(Number(error.headers.get('retry-after')) > 0);
        return true;
      });
    });

    for (const [status, type] of Object.entries({
      400: 'BadRequestError',
      403: 'PermissionDeniedError',
      404: 'NotFoundError',
      409: 'ConflictError',
      422: 'UnprocessableEntityError',
      429: 'RateLimitError',
      500: 'InternalServerError',
    })) {
      test(`raises ${type} for an upstream’s ${status}`, async () => {
        upstream.script(openaiError(Number(status), 'some_type', { code: 'some_code' }));
        await assert.rejects(
          client().chat.completions.create({ ...body, model: `${prefix}${status}/gpt-a` }),
          (error) => {
            assert.ok(error instanceof sdk[type], `${error.constructor.name} ${error.message}`);
            assert.deepEqual([error.type, error.code], ['some_type', 'some_code']);
            return true;
          },
        );
      });
    }

    test('raises an upstream’s error inside a stream', async () => {
      upstream.script(
        stream200([
          completionChunks('gpt-a')[0],
          'data: {"error":{"message":"boom","type":"server_error","param":null,"code":null}}\n\n',
        ]),
      );
      await assert.rejects(async () => {
        for await (const _ of await client().chat.completions.create({ ...body, stream: true }));
      }, sdk.APIError);
    });
  });
}

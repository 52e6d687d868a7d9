// Whatever a provider does, an official SDK behind an alias sees one answer or one error of its own; and the
// ledgers have counted what the providers have seen.

import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';
import * as anthropic from '@anthropic-ai/sdk';
import * as openai from 'openai';
import { send, tally, together, until } from './harness/client.mjs';
import { CHAT_PATH, KEY, MESSAGES_PATH, cap, chat, config, messages } from './harness/configs.mjs';
import {
  TEXT,
  anthropicError,
  answerTo,
  completion,
  completionChunks,
  isMessages,
  message,
  messageEvents,
  openaiError,
  stream200,
} from './harness/replies.mjs';
import { gatewayFor, upstreamFor } from './harness/setup.mjs';
import { RESET } from './harness/upstream.mjs';

const CAP = 5;
const TIMEOUT_MS = 3_000;
const RETRIED = 2; // LLM_ROUTER_ORIGIN_RETRY_ATTEMPTS below
const UNREACHABLE = 'http://127.0.0.1:1'; // nothing listens there

const FAMILIES = {
  'openai (npm)': {
    format: 'openai',
    sdk: openai,
    error: openaiError,
    plain: completion,
    events: completionChunks,
    client: (url) => new openai.OpenAI({ apiKey: KEY, baseURL: `${url}/v1`, maxRetries: 0 }),
    async ask(client, model, stream) {
      const answer = await client.chat.completions.create(chat(model, { stream }));
      if (!stream) return answer.choices[0].message.content;
      let text = '';
      for await (const chunk of answer) text += chunk.choices[0].delta.content ?? '';
      return text;
    },
  },
  '@anthropic-ai/sdk': {
    format: 'claude',
    sdk: anthropic,
    /** Its own for statuses that OpenAI's SDK has no class for. */
    classes: {
      402: 'PaymentRequiredError',
      503: 'ServiceUnavailableError',
      504: 'GatewayTimeoutError',
      529: 'OverloadedError',
    },
    error: anthropicError,
    plain: message,
    events: messageEvents,
    client: (url) => new anthropic.Anthropic({ apiKey: KEY, baseURL: url, maxRetries: 0 }),
    async ask(client, model, stream) {
      const answer = await client.messages.create(messages(model, { stream }));
      if (!stream) return answer.content[0].text;
      let text = '';
      for await (const { delta } of answer) text += delta?.text ?? '';
      return text;
    },
  },
};

/**
 * What the first provider does, by name:
 * - `reply(family, stream)`: what it answers;
 * - `attempts`: requests that reach it, and that its ledger counts;
 * - `alone`: class and status of the error when there is no other provider;
 * - `final`: the next provider is not asked (`alone` is the outcome anyway);
 * - `rests(began)`: how long its ledger leaves it alone afterwards, in ms.
 */
const CELLS = {
  'refuses connections': { unreachable: true, attempts: RETRIED, alone: ['InternalServerError', 502] },
  'is used up': { usedUp: true, attempts: 0, alone: ['RateLimitError', 429] },
  'is slower than the limit': {
    reply: (family, stream, request) => ({ delay: TIMEOUT_MS + 2_000, ...answerTo(request) }),
    attempts: 1,
    alone: ['InternalServerError', 504],
    abandoned: true,
  },
  ...Object.fromEntries(
    Object.entries({
      'Retry-After in seconds': [() => ({ 'retry-after': '90' }), () => 90_000],
      'Retry-After in fractions of seconds': [() => ({ 'retry-after': '200.5' }), () => 200_500],
      'Retry-After as a date': [
        () => ({ 'retry-after': new Date(LATER).toUTCString() }),
        (began) => LATER - began,
      ],
      'retry-after-ms': [() => ({ 'retry-after-ms': '95250' }), () => 95_250],
      'retry-after-ms beside Retry-After': [
        () => ({ 'retry-after-ms': '95250', 'retry-after': '7' }),
        () => 95_250,
      ],
      'no Retry-After': [() => ({}), () => 30_000],
    }).map(([name, [headers, rests]]) => [
      `says 429 with ${name}`,
      {
        reply: ({ error }) => error(429, 'rate_limit_error', { headers: headers() }),
        attempts: 1,
        alone: ['RateLimitError', 429],
        rests,
      },
    ]),
  ),
  'says 402': status(402, ['APIError', 402], { rests: () => 900_000 }),
  'says 403 about billing': status(403, ['PermissionDeniedError', 403], {
    message: 'Your credit balance is too low',
    rests: () => 900_000,
  }),
  'says 403 about its policy': status(403, ['PermissionDeniedError', 403], {
    message: 'This violates our content policy',
    rests: () => 120_000,
    final: true,
  }),
  'says 401': status(401, ['InternalServerError', 502], { rests: () => 600_000 }),
  'says 500': status(500, ['InternalServerError', 500], { attempts: RETRIED }),
  'says 503': status(503, ['InternalServerError', 503], { attempts: RETRIED }),
  'says 529': status(529, ['InternalServerError', 529], { attempts: RETRIED }),
  'breaks off before headers': {
    reply: () => RESET,
    attempts: RETRIED,
    alone: ['InternalServerError', 502],
  },
  'breaks off after headers': {
    reply: (family, stream) => (stream ? stream200([RESET]) : { chunks: [RESET] }),
    attempts: RETRIED,
    alone: ['InternalServerError', 502],
  },
  'breaks off after headers that declare a length': {
    reply: ({ plain }) => ({
      headers: { 'content-length': String(Buffer.byteLength(JSON.stringify(plain('m')))) },
      chunks: [RESET],
    }),
    attempts: 1,
    alone: ['InternalServerError', 502],
    modes: ['plain'],
  },
  'breaks off after the first event': {
    reply: ({ events }) => stream200([events('m')[0], 20, RESET]),
    attempts: 1,
    alone: ['APIError', undefined],
    final: true,
    modes: ['stream'],
  },
};

function status(code, alone, { message = 'upstream says no', attempts = 1, ...rest } = {}) {
  return { reply: ({ error }) => error(code, 'some_error', { message }), attempts, alone, ...rest };
}

/** A whole second, an hour away. */
const LATER = Math.ceil(Date.now() / 1_000) * 1_000 + 3_600_000;

const cells = Object.entries(CELLS).flatMap(([name, cell], index) =>
  (cell.modes ?? ['plain', 'stream']).map((mode) => ({ name, mode, id: `c${index}-${mode}`, ...cell })),
);

for (const [name, family] of Object.entries(FAMILIES)) {
  const upstream = await upstreamFor({ after });
  /** Every provider speaks both formats. What ails one ails the format under test; the other fills its cap. */
  const other = family.format === 'openai' ? 'claude' : 'openai';
  const provider = (id, { unreachable, usedUp } = {}) => {
    const url = `${upstream.url}/${id}`;
    const base = { openai: `${url}/v1`, claude: url };
    return {
      id,
      name: id,
      formats: ['openai', 'claude'],
      baseUrlByFormat: unreachable ? { ...base, [family.format]: UNREACHABLE } : base,
      apiKey: `sk-${id}`,
      models: [{ id: 'm' }],
      rateLimits: [cap(usedUp ? 1 : CAP)],
    };
  };
  const gateway = await gatewayFor(
    { after },
    {
      config: config(
        cells.flatMap((cell) => [
          provider(`${cell.id}-first`, cell),
          provider(`${cell.id}-next`),
          provider(`${cell.id}-alone`, cell),
        ]),
        {
          modelAliases: Object.fromEntries(
            cells.flatMap(({ id }) => [
              [id, { strategy: 'ordered', targets: [`${id}-first/m`, `${id}-next/m`] }],
              [`only-${id}`, { targets: [`${id}-alone/m`] }],
            ]),
          ),
        },
      ),
      vars: {
        LLM_ROUTER_ORIGIN_RETRY_ATTEMPTS: String(RETRIED),
        LLM_ROUTER_ORIGIN_RETRY_BASE_DELAY_MS: '1',
        LLM_ROUTER_UPSTREAM_TIMEOUT_MS: String(TIMEOUT_MS),
      },
    },
  );
  const client = family.client(gateway.url);
  const seenBy = (id) => upstream.requests.filter(({ path }) => path.startsWith(`/${id}/`));
  const byId = new Map(cells.map((cell) => [cell.id, cell]));
  upstream.script((request) => {
    const [, id, role] = /^\/(.*)-(first|next|alone)\//.exec(request.path);
    const { reply, mode } = byId.get(id);
    const ails = role !== 'next' && isMessages(request.path) === (family.format === 'claude');
    return ails ? reply?.(family, mode === 'stream', request) : undefined;
  });

  /** Fills a provider's cap in the other format. */
  const fill = (id) =>
    together(CAP, () => {
      const [path, body] = other === 'openai' ? [CHAT_PATH, chat] : [MESSAGES_PATH, messages];
      return send(gateway.url, { path, key: KEY, body: body(`${id}/m`) });
    });
  const counted = async (id) => {
    const { usage } = await gateway.object(id, 'inspect');
    return usage.reduce((sum, { used }) => sum + used, 0);
  };
  /** The ledger has counted `attempts`, no less and no more: there is room for the rest of the cap. */
  const assertCounted = async (id, attempts, { unreachable } = {}) => {
    assert.equal(await counted(id), attempts, `counted for ${id}`);
    assert.equal(seenBy(id).length, unreachable ? 0 : attempts, `seen by ${id}`);
    const left = tally(await fill(id));
    assert.deepEqual(left, attempts ? { 200: CAP - attempts, 429: attempts } : { 200: CAP });
    assert.equal(await counted(id), CAP);
    assert.equal(seenBy(id).length, unreachable ? CAP - attempts : CAP);
  };
  /** How long the ledger still leaves a provider alone. */
  const resting = (id) =>
    until(async () => {
      const candidates = [{ target: `m@${family.format}`, buckets: [] }];
      const { denial } = await gateway.object(id, 'reserve', { amount: 1, candidates });
      return denial?.refusals[0].retryAfterMs;
    }, `${id} is left alone`);
  const assertRests = async (id, rests, began) => {
    const ms = await resting(id);
    const elapsed = Date.now() - began;
    const expected = rests(began);
    assert.ok(ms <= expected && ms >= expected - 2 * elapsed, `${ms} ms, ${expected} ms of which ${elapsed} passed`);
  };
  const assertFails = async (model, mode, [type, code]) => {
    const error = await family.ask(client, model, mode === 'stream').then(
      (text) => assert.fail(`an answer: ${text}`),
      (error) => error,
    );
    const own = family.sdk[family.classes?.[code] ?? type];
    assert.equal(error.constructor, own, `${error.constructor.name}: ${error.message}`);
    assert.equal(error.status, code, error.message);
    if (code) assert.match(error.requestID, /^req_[0-9a-f]{24}$/);
    return error;
  };

  describe(name, { concurrency: 6 }, () => {
    for (const cell of cells) {
      const { id, mode, attempts, alone, final, rests, usedUp, abandoned } = cell;
      const stream = mode === 'stream';

      test(`a provider that ${cell.name} (${mode}): the next one answers${final ? ' the next request' : ''}`, async () => {
        const first = `${id}-first`;
        const next = `${id}-next`;
        if (usedUp) assert.deepEqual(tally(await fill(first)), { 200: 1, 429: CAP - 1 });
        const began = Date.now();
        if (final) await assertFails(id, mode, alone);
        else assert.equal(await family.ask(client, id, stream), TEXT);
        assert.equal(seenBy(next).length, final ? 0 : 1);
        if (abandoned) await until(() => seenBy(first)[0].gone, 'the slow one is hung up on');
        if (rests) {
          await assertRests(first, rests, began);
          assert.equal(await family.ask(client, id, stream), TEXT, 'while the first one rests');
        }
        await assertCounted(next, (final ? 0 : 1) + (rests ? 1 : 0));
        if (usedUp) assert.deepEqual([await counted(first), seenBy(first).length], [1, 1]);
        else await assertCounted(first, attempts, cell);
      });

      test(`a provider that ${cell.name} (${mode}) and is the only one: one error`, async () => {
        const only = `${id}-alone`;
        if (usedUp) await fill(only);
        const began = Date.now();
        const error = await assertFails(`only-${id}`, mode, alone);
        assert.ok(!/127\.0\.0\.1|sk-/.test(error.message), error.message);
        if (usedUp) assert.ok(Number(error.headers.get('retry-after')) > 0);
        if (rests) {
          await assertRests(only, rests, began);
          const refused = await assertFails(`only-${id}`, mode, ['RateLimitError', 429]);
          const wait = Number(refused.headers.get('retry-after-ms'));
          assert.ok(wait > 0 && wait <= rests(began), `${wait} ms`);
        }
        if (usedUp) assert.deepEqual([await counted(only), seenBy(only).length], [1, 1]);
        else await assertCounted(only, attempts, cell);
      });
    }
  });
}

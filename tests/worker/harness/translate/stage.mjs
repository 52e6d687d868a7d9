// Providers that play what a request asks for, and a gateway in front of them.

import { setImmediate } from 'node:timers/promises';
import * as speakChat from './speak_chat.mjs';
import * as speakMessages from './speak_messages.mjs';
import * as speakResponses from './speak_responses.mjs';
import { turnFor } from './turns.mjs';
import { claudeProvider, config, openaiProvider } from '../configs.mjs';
import { isMessages, stream200 } from '../replies.mjs';
import { gatewayFor, upstreamFor } from '../setup.mjs';
import { RESET } from '../upstream.mjs';

const buffer = (records) => Buffer.from(records.join(''));
const cut = (bytes, length) =>
  Array.from({ length: Math.ceil(bytes.length / length) }, (_, at) =>
    bytes.subarray(at * length, (at + 1) * length),
  );
/** So that they arrive as pieces. */
async function* apart(chunks) {
  for (const chunk of chunks) {
    yield chunk;
    await setImmediate();
  }
}

/** Ways in which SSE records come. */
export const WIRES = {
  events: (records) => records,
  apart,
  whole: (records) => [buffer(records)],
  bytes: (records) => apart(cut(buffer(records), 1)),
  sevens: (records) => apart(cut(buffer(records), 7)),
  crlf: (records) => apart(cut(buffer(records.map((record) => record.replaceAll('\n', '\r\n'))), 11)),
  cr: (records) => [buffer(records.map((record) => record.replaceAll('\n', '\r')))],
  commented: (records) => records.flatMap((record) => [': PROCESSING\n\n', record]),
  tight: (records) => records.map((record) => record.replaceAll(/^(data|event): /gm, '$1:')),
  /** The last record is not closed by a blank line. */
  open: (records) => records.with(-1, records.at(-1).trimEnd()),
  /** A stream for those who asked for none. */
  unasked: apart,
  /** An error after some text, at first, and breaking off in two ways. */
  failing: (records, format) => [...records.slice(0, 6), ERRORS[format]],
  failed: (_, format) => [ERRORS[format]],
  ended: (records) => records.slice(0, 6),
  reset: (records) => apart([...records.slice(0, 6), 20, RESET]),
};

const UNASKED = ['unasked', 'failing', 'failed', 'ended'];

const ERRORS = {
  chat: 'data: {"error":{"message":"Too busy","type":"server_error","param":null,"code":"server_is_overloaded"}}\n\n',
  messages:
    'event: error\ndata: {"type":"error","error":{"type":"overloaded_error","message":"Too busy"},"request_id":"req_up"}\n\n',
  responses:
    'event: error\ndata: {"type":"error","code":"server_is_overloaded","message":"Too busy","param":null,"sequence_number":6}\n\n',
};

export const SPEAKERS = { chat: speakChat, messages: speakMessages, responses: speakResponses };

function formatOf({ path }) {
  if (isMessages(path)) return 'messages';
  return path.endsWith('/responses') ? 'responses' : 'chat';
}

export function play(request) {
  const format = formatOf(request);
  const speaker = SPEAKERS[format];
  const body = request.json;
  const { turn, wire } = turnFor(body);
  if ((!body.stream && !UNASKED.includes(wire)) || wire === 'document') return { body: speaker.document(turn, body) };
  return stream200(WIRES[wire](speaker.records(turn, body), format));
}

export const CHAT_MODELS = ['gpt-4o', 'gpt-5.2', 'llama-3', 'deepseek-chat'];
export const MESSAGES_MODELS = ['claude-sonnet-4-5', 'claude-sonnet-5-5'];
export const RESPONSES_MODELS = ['gpt-4o', 'gpt-5.2', 'gpt-5.4', 'llama-3'];

/** The formats of providers; a client's own is relayed, and so no matter of translation. */
export const UPSTREAMS = ['chat', 'messages', 'responses'];
export const foreign = (client) => UPSTREAMS.filter((upstream) => upstream !== client.format);

const quick = {
  LLM_ROUTER_ORIGIN_RETRY_ATTEMPTS: '1',
  LLM_ROUTER_FALLBACK_CIRCUIT_FAILURES: '0',
  LLM_ROUTER_COOLDOWN_WAIT_MS: '0',
  LLM_ROUTER_DEBUG_ROUTING: 'true',
  ...Object.fromEntries(
    ['FALLBACK', 'RATE_LIMIT', 'BILLING', 'AUTH', 'POLICY'].map((name) => [
      `LLM_ROUTER_ORIGIN_${name}_COOLDOWN_MS`,
      '0',
    ]),
  ),
};

/** A gateway to a provider of each format, and the upstreams. */
export async function stageFor(t, { providers = () => [], aliases = {}, models = [], vars = {} } = {}) {
  const [chat, messages, responses] = await Promise.all(UPSTREAMS.map(() => upstreamFor(t)));
  const upstreams = { chat, messages, responses };
  const reset = () =>
    Object.values(upstreams).forEach((upstream) => {
      upstream.reset();
      upstream.script(play);
    });
  reset();
  const list = (names) =>
    [...names, ...models].map((model) => (typeof model === 'string' ? { id: model } : model));
  const gateway = await gatewayFor(t, {
    config: config(
      [
        openaiProvider(chat, { id: 'chat', models: list(CHAT_MODELS) }),
        claudeProvider(messages, { id: 'messages', models: list(MESSAGES_MODELS) }),
        openaiProvider(responses, {
          id: 'responses',
          format: 'openai-responses',
          models: list(RESPONSES_MODELS),
        }),
        ...providers(upstreams),
      ],
      { modelAliases: aliases },
    ),
    vars: { ...quick, ...vars },
  });
  return { url: gateway.url, gateway, upstreams, reset };
}

// Anthropic's SDKs as clients of one shape: see `sdks.mjs`.

import assert from 'node:assert/strict';
import * as latest from '@anthropic-ai/sdk';
import * as previous from 'anthropic-sdk-0';
import { KEY } from '../configs.mjs';
import { collectMessages } from './strict.mjs';

const STOP = { end_turn: 'end', stop_sequence: 'end', max_tokens: 'max', tool_use: 'tools', refusal: 'refusal' };

const client = (name, sdk) => ({
  name,
  sdk,
  format: 'messages',
  connect: (url, options) => new sdk.Anthropic({ apiKey: KEY, baseURL: url, maxRetries: 0, ...options }),
  modes: {
    plain: (api, body) => api.messages.create(body),
    iterated: async (api, body) => collectMessages(await api.messages.create({ ...body, stream: true })),
    helper: (api, body) => api.messages.stream(body).finalMessage(),
  },
  leave: async (api, body) => {
    for await (const _ of await api.messages.create({ ...body, stream: true })) break;
  },
  body: ({ model, history, system, tools, rest }) => ({
    model,
    max_tokens: 4_000,
    ...(system && { system }),
    messages: history,
    ...(tools && {
      tools: tools.map(({ name, description, schema }) => ({ name, description, input_schema: schema })),
    }),
    ...rest,
  }),
  user: (text) => [{ role: 'user', content: text }],
  answer: ({ content }) => [{ role: 'assistant', content }],
  results: (results) => [
    {
      role: 'user',
      content: results.map(({ id, text }) => ({ type: 'tool_result', tool_use_id: id, content: text })),
    },
  ],
  heard(message) {
    assert.deepEqual([message.type, message.role], ['message', 'assistant']);
    assert.match(message.id, /^msg_/);
    for (const member of ['stop_sequence', 'usage', 'content']) assert.ok(member in message, member);
    const of = (type) => message.content.filter((block) => block.type === type);
    const { usage } = message;
    return {
      model: message.model,
      text: of('text').map(({ text }) => text).join(''),
      thinking: of('thinking').map(({ thinking }) => thinking).join(''),
      calls: of('tool_use').map(({ id, name, input }) => ({ id, name, args: input })),
      stop: STOP[message.stop_reason],
      usage: {
        input: usage.input_tokens,
        read: usage.cache_read_input_tokens,
        written: usage.cache_creation_input_tokens,
        output: usage.output_tokens,
        thinking: usage.output_tokens_details?.thinking_tokens,
      },
    };
  },
});

export const anthropics = [client('@anthropic-ai/sdk 1', latest), client('@anthropic-ai/sdk 0', previous)];

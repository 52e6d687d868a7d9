// OpenAI's SDKs as clients of one shape, for Chat and for Responses: see `sdks.mjs`.

import assert from 'node:assert/strict';
import * as six from 'openai';
import * as seven from 'openai-7';
import { KEY } from '../configs.mjs';
import { collectChat, collectResponses } from './strict.mjs';

const connect = (sdk) => (url, options) =>
  new sdk.OpenAI({ apiKey: KEY, baseURL: `${url}/v1`, maxRetries: 0, ...options });

const used = (whole, { cached_tokens, cache_write_tokens = 0 }, output, { reasoning_tokens }) => ({
  input: whole - cached_tokens - cache_write_tokens,
  read: cached_tokens,
  written: cache_write_tokens,
  output,
  thinking: reasoning_tokens,
});

const FINISH = { stop: 'end', length: 'max', tool_calls: 'tools', content_filter: 'refusal' };
const asking = { stream: true, stream_options: { include_usage: true } };

/** The SDK's helper keeps the last piece of what it does not know, so the details come in one. */
function thinkingOf({ reasoning_content = '', reasoning_details }) {
  const whole = reasoning_details?.map(({ text = '' }) => text).join('') ?? reasoning_content;
  assert.ok(whole.endsWith(reasoning_content), `${reasoning_content} is of ${whole}`);
  return whole;
}

const chat = (name, sdk) => ({
  name,
  sdk,
  format: 'chat',
  connect: connect(sdk),
  modes: {
    plain: (api, body) => api.chat.completions.create(body),
    iterated: async (api, body) => collectChat(await api.chat.completions.create({ ...body, ...asking })),
    helper: (api, body) => api.chat.completions.stream({ ...body, ...asking }).finalChatCompletion(),
  },
  leave: async (api, body) => {
    for await (const _ of await api.chat.completions.create({ ...body, stream: true })) break;
  },
  body: ({ model, history, system, tools, rest }) => ({
    model,
    messages: [...(system ? [{ role: 'system', content: system }] : []), ...history],
    ...(tools && {
      tools: tools.map(({ name, description, schema }) => ({
        type: 'function',
        function: { name, description, parameters: schema },
      })),
    }),
    ...rest,
  }),
  user: (text) => [{ role: 'user', content: text }],
  answer: ({ choices: [{ message }] }) => [message],
  results: (results) => results.map(({ id, text }) => ({ role: 'tool', tool_call_id: id, content: text })),
  heard({ model, object, choices, usage }) {
    assert.equal(object, 'chat.completion');
    assert.equal(choices.length, 1);
    const [{ message, finish_reason, logprobs, index }] = choices;
    assert.deepEqual([logprobs, index, message.role], [null, 0, 'assistant']);
    return {
      model,
      text: message.content ?? '',
      thinking: thinkingOf(message),
      calls: (message.tool_calls ?? []).map(({ id, type, function: { name, arguments: args } }) => {
        assert.equal(type, 'function');
        return { id, name, args: JSON.parse(args) };
      }),
      stop: FINISH[finish_reason],
      ...(message.refusal && { refusal: message.refusal }),
      usage: used(
        usage.prompt_tokens,
        usage.prompt_tokens_details,
        usage.completion_tokens,
        usage.completion_tokens_details,
      ),
    };
  },
});

const stopOf = (response, calls, refusal) => {
  if (response.status === 'incomplete') {
    assert.equal(response.incomplete_details.reason, 'max_output_tokens');
    return 'max';
  }
  assert.equal(response.status, 'completed');
  if (refusal) return 'refusal';
  return calls.length ? 'tools' : 'end';
};

const responses = (name, sdk) => ({
  name,
  sdk,
  format: 'responses',
  connect: connect(sdk),
  modes: {
    plain: (api, body) => api.responses.create(body),
    iterated: async (api, body) => collectResponses(await api.responses.create({ ...body, stream: true })),
    helper: (api, body) => api.responses.stream(body).finalResponse(),
  },
  leave: async (api, body) => {
    for await (const _ of await api.responses.create({ ...body, stream: true })) break;
  },
  body: ({ model, history, system, tools, rest }) => ({
    model,
    store: false,
    ...(system && { instructions: system }),
    input: history,
    ...(tools && {
      tools: tools.map(({ name, description, schema }) => ({
        type: 'function',
        name,
        description,
        parameters: schema,
        strict: false,
      })),
    }),
    ...rest,
  }),
  user: (text) => [{ role: 'user', content: text }],
  answer: ({ output }) => output,
  results: (results) =>
    results.map(({ id, text, custom }) => ({
      type: custom ? 'custom_tool_call_output' : 'function_call_output',
      call_id: id,
      output: text,
    })),
  heard(response) {
    assert.equal(response.object, 'response');
    assert.match(response.id, /^resp_/);
    assert.deepEqual([response.error, response.store], [null, false]);
    const of = (type) => response.output.filter((item) => item.type === type);
    const parts = of('message').flatMap(({ content }) => content);
    const text = parts.map(({ text }) => text ?? '').join('');
    const refusal = parts.map(({ refusal }) => refusal ?? '').join('');
    const calls = response.output.flatMap(({ type, call_id: id, name, arguments: args, input }) => {
      if (type === 'custom_tool_call') return [{ id, name, args: { input }, custom: true }];
      return type === 'function_call' ? [{ id, name, args: JSON.parse(args) }] : [];
    });
    // Only the SDK puts it there, and not for those who read the events.
    if ('output_text' in response) assert.equal(response.output_text, text);
    const { usage } = response;
    return {
      model: response.model,
      text,
      thinking: of('reasoning').flatMap(({ summary }) => summary.map(({ text }) => text)).join(''),
      calls,
      stop: stopOf(response, calls, refusal),
      ...(refusal && { refusal }),
      usage: used(
        usage.input_tokens,
        usage.input_tokens_details,
        usage.output_tokens,
        usage.output_tokens_details,
      ),
    };
  },
});

export const chats = [chat('openai 6', six), chat('openai 7', seven)];
export const responders = [responses('openai 6 Responses', six), responses('openai 7 Responses', seven)];

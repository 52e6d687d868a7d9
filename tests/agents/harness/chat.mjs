// What a Chat provider says: a reasoning one that signs its thoughts, as OpenRouter passes them on.

import { RESET } from '../../worker/harness/upstream.mjs';
import { USED, argumentsOf, failure, interleaved, pieces, record, stream, textOf } from './pieces.mjs';

export const isModel = (path) => path === '/v1/chat/completions';

export const error = (message, type = 'invalid_request_error', code = null) => ({
  error: { message, type, param: null, code },
});

const usageOf = ({ used = USED }) => ({
  prompt_tokens: used,
  completion_tokens: 40,
  total_tokens: used + 40,
  prompt_tokens_details: { cached_tokens: used - 1_000 },
});

export function read(body) {
  const tools = (body.tools ?? []).map((tool) => tool.function.name);
  const results = new Map();
  const thoughts = [];
  for (const message of body.messages) {
    if (message.role === 'tool') results.set(message.tool_call_id, textOf(message.content));
    for (const { text, signature } of message.reasoning_details ?? []) thoughts.push({ text, signature });
  }
  return { tools, results, thoughts, body };
}

export function answer(turn, seen, stage) {
  const { thinking, text, calls = [], stop = 'stop', fault } = turn;
  const { model } = seen.body;
  const identity = { id: `chatcmpl-${++stage.answers}`, created: 1_790_000_000, model };
  const details = thinking && [{ type: 'reasoning.text', format: 'unknown', index: 0, ...thinking }];
  const toolCalls = calls.map((call) => {
    const id = `call_${stage.ids.size}_${call.id}`;
    stage.ids.add(id);
    return { id, type: 'function', function: { name: seen.tool(call.tool), arguments: argumentsOf(call) } };
  });
  const finish = calls.length > 0 ? 'tool_calls' : ({ refusal: 'content_filter' }[stop] ?? stop);
  if (!seen.body.stream) {
    const message = { role: 'assistant', content: text ?? null, refusal: null };
    if (details) Object.assign(message, { reasoning: thinking.text, reasoning_details: details });
    if (calls.length > 0) message.tool_calls = toolCalls;
    const choices = [{ index: 0, message, logprobs: null, finish_reason: finish }];
    return { body: { ...identity, object: 'chat.completion', choices, usage: usageOf(turn) } };
  }

  const chunk = (delta, finish_reason = null) =>
    record({
      ...identity,
      object: 'chat.completion.chunk',
      choices: [{ index: 0, delta, logprobs: null, finish_reason }],
    });
  const chunks = [': PROCESSING\n\n', chunk({ role: 'assistant', content: '' })];
  if (details) {
    for (const part of pieces(thinking.text)) {
      const detail = { ...details[0], text: part, signature: null };
      chunks.push(chunk({ reasoning: part, reasoning_details: [detail] }));
    }
    chunks.push(chunk({ reasoning_details: [{ ...details[0], text: '' }] }));
  }
  for (const content of pieces(text ?? '')) chunks.push(chunk({ content }));
  if (fault === 'cut') return stream([...chunks, RESET]);
  if (fault) {
    const overloaded = fault === 'broken_overloaded';
    const said = overloaded
      ? error('Overloaded', 'server_error', 'server_is_overloaded')
      : error('The server had an error while processing your request', 'server_error');
    return stream([...chunks, record(said), record('[DONE]')]);
  }
  const parts = toolCalls.map(({ id, type, function: { name, arguments: all } }, index) => [
    chunk({ tool_calls: [{ index, id, type, function: { name, arguments: '' } }] }),
    ...pieces(all).map((part) => chunk({ tool_calls: [{ index, function: { arguments: part } }] })),
  ]);
  chunks.push(...interleaved(parts), chunk({}, finish));
  const usage = { ...identity, object: 'chat.completion.chunk', choices: [], usage: usageOf(turn) };
  if (seen.body.stream_options?.include_usage) chunks.push(record(usage));
  return stream([...chunks, record('[DONE]')]);
}

export function fault({ fault: kind, after }, { body }) {
  switch (kind) {
    case 'rate_limit':
      return failure(429, error('Rate limit reached', 'requests', 'rate_limit_exceeded'), { after });
    case 'overloaded':
      return failure(503, error('Overloaded', 'server_error', 'server_is_overloaded'));
    case 'context':
      return failure(
        400,
        error(
          "This model's maximum context length is 128000 tokens. However, your messages resulted in 130123 tokens. Please reduce the length of the messages.",
          'invalid_request_error',
          'context_length_exceeded',
        ),
      );
    case 'invalid':
      return failure(400, error('Something is wrong with this request'));
    case 'max_tokens': {
      const asked = body.max_completion_tokens ?? body.max_tokens;
      return failure(
        400,
        error(
          `max_tokens is too large: ${asked}. This model supports at most 16384 completion tokens, whereas you provided ${asked}.`,
          'invalid_request_error',
          'invalid_value',
        ),
      );
    }
  }
}

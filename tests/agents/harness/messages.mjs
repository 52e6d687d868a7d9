// What a Messages provider says.

import { RESET } from '../../worker/harness/upstream.mjs';
import { USED, failure, pieces, record, stream, textOf } from './pieces.mjs';

export const isModel = (path) => /^\/v1\/messages(\?|$)/.test(path);

export const error = (message, type = 'invalid_request_error') => ({
  type: 'error',
  error: { type, message },
  request_id: 'req_provider',
});

const usageOf = ({ used = USED }) => ({
  input_tokens: 1_000,
  cache_creation_input_tokens: 0,
  cache_read_input_tokens: used - 1_000,
  output_tokens: 40,
});

export function read(body) {
  const tools = (body.tools ?? []).map((tool) => tool.name);
  const blocks = body.messages.flatMap(({ content }) => (typeof content === 'string' ? [] : content));
  const results = blocks.filter(({ type }) => type === 'tool_result');
  const thoughts = blocks.filter(({ type }) => type === 'thinking');
  return {
    tools,
    results: new Map(results.map((block) => [block.tool_use_id, textOf(block.content)])),
    thoughts: thoughts.map(({ thinking, signature }) => ({ text: thinking, signature })),
    body,
  };
}

export function answer(turn, seen, stage) {
  const { thinking, text, calls = [], stop = 'end_turn', fault } = turn;
  const usage = usageOf(turn);
  const content = [];
  if (thinking) content.push({ type: 'thinking', thinking: thinking.text, signature: thinking.signature });
  if (text) content.push({ type: 'text', text });
  for (const call of calls) {
    const id = `toolu_${stage.ids.size}_${call.id}`;
    stage.ids.add(id);
    const input = typeof call.input === 'string' ? { input: call.input } : call.input;
    content.push({ type: 'tool_use', id, name: seen.tool(call.tool), input });
  }
  const reason = calls.length > 0 ? 'tool_use' : ({ length: 'max_tokens' }[stop] ?? stop);
  const ending = { stop_reason: reason, stop_sequence: null };
  // Claude Code takes answers of the same id for one.
  const id = `msg_${++stage.answers}`;
  const message = { id, type: 'message', role: 'assistant', model: seen.body.model, content };
  if (!seen.body.stream) return { body: { ...message, ...ending, usage } };

  const event = (type, rest) => record({ type, ...rest }, type);
  const begun = { ...message, content: [], stop_reason: null, stop_sequence: null };
  const chunks = [
    event('message_start', { message: { ...begun, usage: { ...usage, output_tokens: 1 } } }),
    event('ping', {}),
  ];
  content.forEach((block, index) => {
    const [empty, deltas] = streamed(block);
    chunks.push(event('content_block_start', { index, content_block: empty }));
    for (const delta of deltas) chunks.push(event('content_block_delta', { index, delta }));
    if (!fault || index + 1 < content.length) chunks.push(event('content_block_stop', { index }));
  });
  if (fault === 'cut') return stream([...chunks, RESET]);
  if (fault) {
    const [type, said] =
      fault === 'broken_overloaded'
        ? ['overloaded_error', 'Overloaded']
        : ['api_error', 'Internal server error'];
    return stream([...chunks, record(error(said, type), 'error')]);
  }
  const last = { delta: ending, usage: { output_tokens: usage.output_tokens } };
  return stream([...chunks, event('message_delta', last), event('message_stop', {})], {
    'request-id': 'req_provider',
  });
}

/** A block as it starts, and its deltas. */
function streamed(block) {
  switch (block.type) {
    case 'text':
      return [{ ...block, text: '' }, pieces(block.text).map((text) => ({ type: 'text_delta', text }))];
    case 'thinking': {
      const parts = pieces(block.thinking).map((thinking) => ({ type: 'thinking_delta', thinking }));
      const signed = { type: 'signature_delta', signature: block.signature };
      return [{ ...block, thinking: '', signature: '' }, [...parts, signed]];
    }
    case 'tool_use': {
      const parts = pieces(JSON.stringify(block.input));
      return [
        { ...block, input: {} },
        parts.map((partial_json) => ({ type: 'input_json_delta', partial_json })),
      ];
    }
  }
}

export function fault({ fault: kind, after }, { body }) {
  const refuse = (status, type, message) =>
    failure(status, error(message, type), { after, id: 'request-id' });
  switch (kind) {
    case 'rate_limit':
      return refuse(429, 'rate_limit_error', 'Rate limit reached');
    case 'overloaded':
      return refuse(529, 'overloaded_error', 'Overloaded');
    case 'context':
      return refuse(400, 'invalid_request_error', 'prompt is too long: 130123 tokens > 128000 maximum');
    case 'invalid':
      return refuse(400, 'invalid_request_error', 'Something is wrong with this request');
    case 'max_tokens':
      return refuse(
        400,
        'invalid_request_error',
        `max_tokens: ${body.max_tokens} > 16384, which is the maximum allowed number of output tokens for ${body.model}`,
      );
  }
}

// A turn as Anthropic says it.

import { pieces } from './turns.mjs';

const STOP = { end: 'end_turn', max: 'max_tokens', tools: 'tool_use', refusal: 'refusal' };

const input = ({ input: input_tokens, read, written }) => ({
  input_tokens,
  cache_creation_input_tokens: written,
  cache_read_input_tokens: read,
  cache_creation: { ephemeral_5m_input_tokens: written, ephemeral_1h_input_tokens: 0 },
});
const output = ({ output: output_tokens, thinking: thinking_tokens }) => ({
  output_tokens,
  output_tokens_details: { thinking_tokens },
});

const details = ({ stop, explanation }) =>
  stop === 'refusal' ? { type: 'refusal', category: 'policy', explanation } : null;

const head = (model) => ({ id: 'msg_UP1', type: 'message', role: 'assistant', model, container: null });

export function document(turn, { model }) {
  const { thinking, signature, redacted, text, calls = [] } = turn;
  return {
    ...head(model),
    content: [
      ...(redacted ? [{ type: 'redacted_thinking', data: redacted }] : []),
      ...(thinking ? [{ type: 'thinking', thinking: thinking.join(''), signature }] : []),
      ...(text ? [{ type: 'text', text: text.join(''), citations: null }] : []),
      ...calls.map(({ id, name, args }) => ({ type: 'tool_use', id, name, input: args })),
    ],
    stop_reason: STOP[turn.stop],
    stop_sequence: null,
    stop_details: details(turn),
    usage: { ...input(turn.usage), ...output(turn.usage), service_tier: 'standard' },
  };
}

const event = (type, rest) => `event: ${type}\ndata: ${JSON.stringify({ type, ...rest })}\n\n`;

/** SSE records. Only the last event knows how much was written, and only the first how much was read. */
export function records(turn, { model }) {
  const { thinking, signature, redacted, text, calls = [] } = turn;
  const blocks = [];
  if (redacted) blocks.push([{ type: 'redacted_thinking', data: redacted }, []]);
  if (thinking) {
    const deltas = thinking.map((more) => ({ type: 'thinking_delta', thinking: more }));
    if (signature) deltas.push({ type: 'signature_delta', signature });
    blocks.push([{ type: 'thinking', thinking: '', signature: '' }, deltas]);
  }
  if (text) blocks.push([{ type: 'text', text: '' }, text.map((more) => ({ type: 'text_delta', text: more }))]);
  for (const { id, name, args } of calls) {
    const json = Object.keys(args).length ? ['', ...pieces(JSON.stringify(args))] : [''];
    const deltas = json.map((partial_json) => ({ type: 'input_json_delta', partial_json }));
    blocks.push([{ type: 'tool_use', id, name, input: {} }, deltas]);
  }
  const message = { ...head(model), content: [], stop_reason: null, stop_sequence: null, stop_details: null };
  return [
    event('message_start', { message: { ...message, usage: { ...input(turn.usage), output_tokens: 1 } } }),
    ...blocks.flatMap(([content_block, deltas], index) => [
      event('content_block_start', { index, content_block }),
      ...(index === 0 ? [event('ping')] : []),
      ...deltas.map((delta) => event('content_block_delta', { index, delta })),
      event('content_block_stop', { index }),
    ]),
    event('message_delta', {
      delta: { stop_reason: STOP[turn.stop], stop_sequence: null, stop_details: details(turn) },
      usage: output(turn.usage),
    }),
    event('message_stop'),
  ];
}

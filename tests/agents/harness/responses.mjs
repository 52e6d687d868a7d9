// What a provider of Responses says: OpenAI itself to Codex, to compare with, and to others through the gateway.

import { RESET } from '../../worker/harness/upstream.mjs';
import { USED, failure, pieces, record, stream, textOf } from './pieces.mjs';

export const isModel = (path) => path === '/v1/responses';

export const error = (message, type = 'invalid_request_error', code = null) => ({
  error: { message, type, param: null, code },
});

const usageOf = ({ used = USED }) => ({
  input_tokens: used,
  input_tokens_details: { cached_tokens: used - 1_000 },
  output_tokens: 40,
  output_tokens_details: { reasoning_tokens: 0 },
  total_tokens: used + 40,
});

/** Tools by name, in front of it `<namespace>__`. */
function toolsOf(body) {
  const lifted = body.input.filter(({ type }) => type === 'additional_tools').flatMap(({ tools }) => tools);
  return [...(body.tools ?? []), ...lifted].flatMap(({ type, name, tools }) =>
    type === 'namespace' ? tools.map((tool) => `${name}__${tool.name}`) : name ? [name] : [],
  );
}

export function read(body) {
  const results = body.input.filter(({ type }) => /^(function|custom_tool)_call_output$/.test(type));
  const reasoning = body.input.filter(({ type }) => type === 'reasoning');
  return {
    tools: toolsOf(body),
    results: new Map(results.map((item) => [item.call_id, textOf(item.output)])),
    thoughts: reasoning.map((item) => ({ text: textOf(item.summary), signature: item.encrypted_content })),
    body,
  };
}

export function answer(turn, seen, stage) {
  const { thinking, text, calls = [], stop, fault } = turn;
  const { model } = seen.body;
  const items = [];
  const number = ++stage.answers;
  if (thinking) {
    const summary = [{ type: 'summary_text', text: thinking.text }];
    items.push({ type: 'reasoning', id: `rs_${number}`, summary, encrypted_content: thinking.signature });
  }
  if (text) {
    const content = [{ type: 'output_text', text, annotations: [] }];
    items.push({ type: 'message', id: `msg_${number}`, role: 'assistant', status: 'completed', content });
  }
  for (const call of calls) {
    const call_id = `call_${stage.ids.size}_${call.id}`;
    stage.ids.add(call_id);
    const [, namespace, name] = /^(?:(.+)__)?(.+)$/.exec(seen.tool(call.tool));
    const base = { call_id, name, ...(namespace ? { namespace } : {}), status: 'completed' };
    items.push(
      typeof call.input === 'string'
        ? { type: 'custom_tool_call', id: `ctc_${call_id}`, ...base, input: call.input }
        : { type: 'function_call', id: `fc_${call_id}`, ...base, arguments: JSON.stringify(call.input) },
    );
  }

  const incomplete = { length: 'max_output_tokens', refusal: 'content_filter' }[stop];
  const end = incomplete
    ? { status: 'incomplete', incomplete_details: { reason: incomplete } }
    : { status: 'completed' };
  const event = (type, rest) => record({ type, sequence_number: sequence_number++, ...rest }, type);
  const response = { id: `resp_${number}`, object: 'response', created_at: 1_790_000_000, model, output: [] };
  const whole = { ...response, output: items, usage: usageOf(turn), ...end };
  if (!seen.body.stream) return { body: whole };

  let sequence_number = 0;
  const begun = { response: { ...response, status: 'in_progress' } };
  const chunks = [event('response.created', begun), event('response.in_progress', begun)];
  items.forEach((item, output_index) => {
    chunks.push(
      event('response.output_item.added', { output_index, item: { ...item, status: 'in_progress' } }),
    );
    if (item.type === 'message') {
      const at = { item_id: item.id, output_index, content_index: 0 };
      for (const delta of pieces(text)) chunks.push(event('response.output_text.delta', { ...at, delta }));
    }
    // A fault comes in the middle of the last one.
    if (!fault || output_index + 1 < items.length)
      chunks.push(event('response.output_item.done', { output_index, item }));
  });
  if (fault === 'cut') return stream([...chunks, RESET]);
  if (fault) {
    const said =
      fault === 'broken_overloaded'
        ? { code: 'server_is_overloaded', message: 'Overloaded' }
        : { code: 'server_error', message: 'Internal server error' };
    const failed = { response: { ...response, status: 'failed', error: said } };
    return stream([...chunks, event('response.failed', failed)]);
  }
  return stream([...chunks, event(`response.${end.status}`, { response: whole })]);
}

export function fault({ fault: kind, after }, { body }) {
  switch (kind) {
    case 'rate_limit':
      return failure(429, error('Rate limit reached', 'requests', 'rate_limit_exceeded'), { after });
    case 'overloaded':
      return failure(503, error('Overloaded', 'server_error', 'server_is_overloaded'));
    case 'invalid':
      return failure(400, error('Something is wrong with this request'));
    case 'context':
      return failure(
        400,
        error(
          'Your input exceeds the context window of this model. Please adjust your input and try again.',
          'invalid_request_error',
          'context_length_exceeded',
        ),
      );
    case 'max_tokens': {
      const { max_output_tokens: asked } = body;
      return failure(
        400,
        error(
          `max_output_tokens is too large: ${asked}. This model supports at most 16384 output tokens, whereas you provided ${asked}.`,
          'invalid_request_error',
          'invalid_value',
        ),
      );
    }
  }
}

// A turn as OpenAI's Responses say it.

import { pieces } from './turns.mjs';

const ENDS = {
  max: ['incomplete', { reason: 'max_output_tokens' }],
  refusal: ['incomplete', { reason: 'content_filter' }],
};

export const usage = ({ input, read, written, output, thinking }) => ({
  input_tokens: input + read + written,
  input_tokens_details: { cached_tokens: read, cache_write_tokens: written },
  output_tokens: output,
  output_tokens_details: { reasoning_tokens: thinking },
  total_tokens: input + read + written + output,
});

/** What was thought is told to those who ask for it. */
function itemsOf({ thinking, signature, redacted, text, calls = [] }, { include = [], tools = [] }) {
  const encrypted = include.includes('reasoning.encrypted_content');
  const summary = thinking ? [{ type: 'summary_text', text: thinking.join('') }] : [];
  const content = redacted ?? signature;
  const custom = (name) => tools.some((tool) => tool.type === 'custom' && tool.name === name);
  const sealed = encrypted && content && { encrypted_content: content };
  return [
    ...(thinking || redacted ? [{ id: 'rs_UP1', type: 'reasoning', summary, ...sealed }] : []),
    ...(text
      ? [
          {
            id: 'msg_UP1',
            type: 'message',
            status: 'completed',
            role: 'assistant',
            content: [{ type: 'output_text', text: text.join(''), annotations: [], logprobs: [] }],
          },
        ]
      : []),
    ...calls.map(({ id, name, args }, at) => {
      const call = { status: 'completed', call_id: id, name };
      return custom(name)
        ? { id: `ctc_UP${at}`, type: 'custom_tool_call', ...call, input: args.input }
        : { id: `fc_UP${at}`, type: 'function_call', ...call, arguments: JSON.stringify(args) };
    }),
  ];
}

const response = ({ model, tools = [], tool_choice = 'auto' }, rest) => ({
  id: 'resp_UP1',
  object: 'response',
  created_at: 1_790_000_000,
  status: 'in_progress',
  error: null,
  incomplete_details: null,
  instructions: null,
  metadata: {},
  model,
  output: [],
  parallel_tool_calls: true,
  temperature: 1,
  tool_choice,
  tools,
  top_p: 1,
  store: false,
  usage: null,
  ...rest,
});

export function document(turn, body) {
  const [status, incomplete_details] = ENDS[turn.stop] ?? ['completed', null];
  const rest = { status, incomplete_details, output: itemsOf(turn, body), usage: usage(turn.usage) };
  return response(body, rest);
}

/** The events of a text in an item: it grows, and is whole. */
function growing(stem, field, list, at, more = {}) {
  const text = list.join('');
  return [
    ...list.map((delta) => [`${stem}.delta`, { ...at, delta, ...more, obfuscation: 'aXo3' }]),
    [`${stem}.done`, { ...at, [field]: text, ...more }],
  ];
}

function eventsOf(item, output_index, { thinking, text }) {
  const at = { item_id: item.id, output_index };
  switch (item.type) {
    case 'reasoning': {
      const part = { ...at, summary_index: 0 };
      const [whole] = item.summary;
      const { encrypted_content, ...begun } = item;
      const grown = whole && [
        ['response.reasoning_summary_part.added', { ...part, part: { ...whole, text: '' } }],
        ...growing('response.reasoning_summary_text', 'text', thinking, part),
        ['response.reasoning_summary_part.done', { ...part, part: whole }],
      ];
      // It begins with what is encrypted of nothing yet.
      const early = encrypted_content && { encrypted_content: 'gAAAAearly' };
      return [{ ...begun, ...early, summary: [] }, grown ?? []];
    }
    case 'message': {
      const part = { ...at, content_index: 0 };
      const [whole] = item.content;
      return [
        { ...item, status: 'in_progress', content: [] },
        [
          ['response.content_part.added', { ...part, part: { ...whole, text: '' } }],
          ...growing('response.output_text', 'text', text, part, { logprobs: [] }),
          ['response.content_part.done', { ...part, part: whole }],
        ],
      ];
    }
    case 'custom_tool_call':
      return [
        { ...item, status: 'in_progress', input: '' },
        growing('response.custom_tool_call_input', 'input', pieces(item.input), at),
      ];
    default:
      return [
        { ...item, status: 'in_progress', arguments: '' },
        growing('response.function_call_arguments', 'arguments', pieces(item.arguments), at),
      ];
  }
}

/** SSE records. */
export function records(turn, body) {
  const whole = document(turn, body);
  const begun = { response: response(body) };
  const events = [
    ['response.created', begun],
    ['response.in_progress', begun],
    ...whole.output.flatMap((item, output_index) => {
      const [added, grown] = eventsOf(item, output_index, turn);
      return [
        ['response.output_item.added', { output_index, item: added }],
        ...grown,
        ['response.output_item.done', { output_index, item }],
      ];
    }),
    [`response.${whole.status}`, { response: whole }],
  ];
  return events.map(
    ([type, rest], sequence_number) =>
      `event: ${type}\ndata: ${JSON.stringify({ type, sequence_number, ...rest })}\n\n`,
  );
}

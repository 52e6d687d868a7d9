// A turn as Chat providers say it: OpenAI's own way, and that of compatible servers which show their thinking.

import { pieces } from './turns.mjs';

const FINISH = { end: 'stop', max: 'length', tools: 'tool_calls', refusal: 'content_filter' };
const HEAD = { id: 'chatcmpl-UP1', created: 1_790_000_000, system_fingerprint: 'fp_1', service_tier: 'default' };

export const usage = ({ input, read, written, output, thinking }) => ({
  prompt_tokens: input + read + written,
  completion_tokens: output,
  total_tokens: input + read + written + output,
  prompt_tokens_details: { cached_tokens: read, cache_write_tokens: written, audio_tokens: 0 },
  completion_tokens_details: { reasoning_tokens: thinking, audio_tokens: 0 },
});

const functionOf = ({ name, args }) => ({ name, arguments: JSON.stringify(args) });

export function document(turn, { model }) {
  const text = turn.text?.join('') ?? null;
  const message = {
    role: 'assistant',
    content: text,
    refusal: null,
    annotations: [],
    ...(turn.thinking && { reasoning_content: turn.thinking.join('') }),
    ...(turn.calls && {
      tool_calls: turn.calls.map((call) => ({ id: call.id, type: 'function', function: functionOf(call) })),
    }),
  };
  return {
    ...HEAD,
    object: 'chat.completion',
    model,
    choices: [{ index: 0, message, logprobs: null, finish_reason: FINISH[turn.stop] }],
    usage: usage(turn.usage),
  };
}

/** SSE records. Parallel calls are begun one after another and then grow in turns. */
export function records(turn, { model, stream_options }) {
  const asked = stream_options?.include_usage === true;
  const record = (choices, used = null) => {
    const chunk = { ...HEAD, object: 'chat.completion.chunk', model, choices, ...(asked && { usage: used }) };
    return `data: ${JSON.stringify({ ...chunk, obfuscation: 'aXo3' })}\n\n`;
  };
  const delta = (delta, finish_reason = null) => record([{ index: 0, delta, logprobs: null, finish_reason }]);
  const calls = turn.calls ?? [];
  const parts = calls.map(({ args }) => pieces(JSON.stringify(args)));
  const rounds = Array.from({ length: Math.max(0, ...parts.map((list) => list.length)) }, (_, round) => round);
  return [
    delta({ role: 'assistant', content: calls.length && !turn.text ? null : '', refusal: null }),
    ...(turn.thinking ?? []).map((reasoning_content) => delta({ reasoning_content })),
    ...(turn.text ?? []).map((content) => delta({ content })),
    ...calls.map(({ id, name }, index) =>
      delta({ tool_calls: [{ index, id, type: 'function', function: { name, arguments: '' } }] }),
    ),
    ...rounds.flatMap((round) =>
      parts.flatMap((list, index) =>
        round < list.length ? [delta({ tool_calls: [{ index, function: { arguments: list[round] } }] })] : [],
      ),
    ),
    delta({}, FINISH[turn.stop]),
    ...(asked ? [record([], usage(turn.usage))] : []),
    'data: [DONE]\n\n',
  ];
}

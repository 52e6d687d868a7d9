// What well-behaved providers answer, in both formats: as JSON, as SSE and as errors.

const sse = (events) =>
  events.map(
    ({ event, data }) =>
      `${event ? `event: ${event}\n` : ''}data: ${typeof data === 'string' ? data : JSON.stringify(data)}\n\n`,
  );

export const TEXT = 'Héllo, wörld 🌍';
const WORDS = ['Héllo', ', ', 'wörld', ' ', '🌍'];

export function completion(model) {
  return {
    id: 'chatcmpl-1',
    object: 'chat.completion',
    created: 1_790_000_000,
    model,
    choices: [
      {
        index: 0,
        message: { role: 'assistant', content: TEXT, refusal: null },
        logprobs: null,
        finish_reason: 'stop',
      },
    ],
    usage: { prompt_tokens: 9, completion_tokens: 5, total_tokens: 14 },
  };
}

/** SSE records of a chat completion. */
export function completionChunks(model) {
  const chunk = (delta, finish_reason = null) => ({
    data: {
      id: 'chatcmpl-1',
      object: 'chat.completion.chunk',
      created: 1_790_000_000,
      model,
      choices: [{ index: 0, delta, finish_reason }],
    },
  });
  return sse([
    chunk({ role: 'assistant', content: '' }),
    ...WORDS.map((content) => chunk({ content })),
    chunk({}, 'stop'),
    { data: '[DONE]' },
  ]);
}

export function message(model) {
  return {
    id: 'msg_1',
    type: 'message',
    role: 'assistant',
    model,
    content: [{ type: 'text', text: TEXT }],
    stop_reason: 'end_turn',
    stop_sequence: null,
    usage: { input_tokens: 9, output_tokens: 5 },
  };
}

/** SSE records of a message. */
export function messageEvents(model) {
  const event = (type, rest) => ({ event: type, data: { type, ...rest } });
  return sse([
    event('message_start', {
      message: {
        ...message(model),
        content: [],
        stop_reason: null,
        usage: { input_tokens: 9, output_tokens: 0 },
      },
    }),
    event('content_block_start', { index: 0, content_block: { type: 'text', text: '' } }),
    event('ping', {}),
    ...WORDS.map((text) => event('content_block_delta', { index: 0, delta: { type: 'text_delta', text } })),
    event('content_block_stop', { index: 0 }),
    event('message_delta', {
      delta: { stop_reason: 'end_turn', stop_sequence: null },
      usage: { output_tokens: 5 },
    }),
    event('message_stop', {}),
  ]);
}

export const isMessages = (path) => /\/messages(\?|$)/.test(path);

/** A good answer to a recorded request. */
export function answerTo(request) {
  const { model, stream } = request.json;
  if (stream) return stream200(isMessages(request.path) ? messageEvents(model) : completionChunks(model));
  return { body: isMessages(request.path) ? message(model) : completion(model) };
}

/** A good reply made of SSE pieces. */
export const stream200 = (chunks, headers = {}) => ({
  headers: { 'content-type': 'text/event-stream; charset=utf-8', ...headers },
  chunks,
});

/** An error as OpenAI's API sends it. */
export const openaiError = (
  status,
  type = 'invalid_request_error',
  { message = 'upstream says no', code = null, headers } = {},
) => ({
  status,
  headers,
  body: { error: { message, type, param: null, code } },
});

/** An error as Anthropic's API sends it. */
export const anthropicError = (
  status,
  type = 'invalid_request_error',
  { message = 'upstream says no', headers } = {},
) => ({
  status,
  headers,
  body: { type: 'error', error: { type, message }, request_id: 'req_upstream' },
});

// Answers of providers that are none, as they are worded, and what a client of another format is to make of
// them: the status, and what its format calls the error.

import { anthropicError, openaiError } from '../replies.mjs';

const chat = openaiError;
const messages = anthropicError;
const html = (status) => ({
  status,
  headers: { 'content-type': 'text/html' },
  body: `<html><head><title>${status} Bad Gateway</title></head><body><h1>Bad Gateway</h1>nginx</body></html>`,
});
const invalid = 'invalid_request_error';

/** Of Chat providers: name, answer, and for Messages clients status, type and words. */
export const OF_CHAT = [
  [
    'bad request',
    chat(400, invalid, { message: 'Unrecognized thing' }),
    [400, invalid, /Unrecognized thing/],
  ],
  ['wrong key', chat(401, invalid, { code: 'invalid_api_key' }), [502, 'api_error', /refused the key/]],
  [
    'no credit',
    chat(402, 'whatever', { message: 'Insufficient credits' }),
    [402, 'billing_error', /credits/],
  ],
  [
    'no quota',
    chat(429, 'insufficient_quota', { code: 'insufficient_quota', message: 'You exceeded your quota' }),
    [402, 'billing_error', /quota/],
  ],
  ['forbidden', chat(403, 'permission_error'), [403, 'permission_error', /says no/]],
  ['no such model', chat(404, invalid, { code: 'model_not_found' }), [404, 'not_found_error', /says no/]],
  ['too large', chat(413, invalid), [413, 'request_too_large', /says no/]],
  ['unprocessable', chat(422, invalid), [422, invalid, /says no/]],
  [
    'rate limit',
    chat(429, 'requests', {
      code: 'rate_limit_exceeded',
      message: 'Rate limit reached. Please try again in 7s.',
      headers: { 'retry-after': '7', 'x-ratelimit-remaining-requests': '0' },
    }),
    [429, 'rate_limit_error', /Rate limit/],
    { 'retry-after': '7', 'anthropic-ratelimit-requests-remaining': '0' },
  ],
  ['server error', chat(500, 'server_error'), [500, 'api_error', /says no/]],
  ['bad gateway', html(502), [502, 'api_error', /Bad Gateway|502/]],
  [
    'overloaded',
    chat(503, 'server_error', {
      message: 'The engine is currently overloaded',
      code: 'server_is_overloaded',
    }),
    [529, 'overloaded_error', /overloaded/],
  ],
  [
    'context',
    chat(400, invalid, {
      code: 'context_length_exceeded',
      message:
        "This model's maximum context length is 128000 tokens. However, your messages resulted in 150000 tokens. Please reduce the length of the messages.",
    }),
    [400, invalid, /^prompt is too long: 150000 tokens > 128000 maximum$/],
  ],
  [
    'max tokens',
    chat(400, invalid, {
      code: 'invalid_value',
      message:
        'max_tokens is too large: 128000. This model supports at most 64000 completion tokens, whereas you provided 128000.',
    }),
    [400, invalid, /^max_tokens: 128000 > 64000, which is the maximum allowed number of output tokens/],
  ],
  ['policy', chat(400, invalid, { code: 'content_policy_violation' }), [400, invalid, /says no/]],
];

/** Of Messages providers: name, answer, and for OpenAI's clients status, type, code and words. */
export const OF_MESSAGES = [
  ['bad request', messages(400, invalid), [400, invalid, null, /says no/]],
  ['wrong key', messages(401, 'authentication_error'), [502, 'server_error', null, /refused the key/]],
  ['no credit', messages(402, 'billing_error'), [429, 'insufficient_quota', 'insufficient_quota', /says no/]],
  [
    'low balance',
    messages(400, invalid, { message: 'Your credit balance is too low to access the Anthropic API.' }),
    [429, 'insufficient_quota', 'insufficient_quota', /credit balance/],
  ],
  ['forbidden', messages(403, 'permission_error'), [403, 'permission_error', null, /says no/]],
  [
    'no such model',
    messages(404, 'not_found_error', { message: 'model: claude-x' }),
    [404, invalid, 'model_not_found', /claude-x/],
  ],
  ['too large', messages(413, 'request_too_large'), [413, invalid, null, /says no/]],
  [
    'rate limit',
    messages(429, 'rate_limit_error', {
      headers: { 'retry-after': '7', 'anthropic-ratelimit-requests-remaining': '0' },
    }),
    [429, 'rate_limit_error', 'rate_limit_exceeded', /says no/],
    { 'retry-after': '7', 'x-ratelimit-remaining-requests': '0' },
  ],
  ['server error', messages(500, 'api_error'), [500, 'server_error', null, /says no/]],
  ['bad gateway', html(502), [502, 'server_error', null, /Bad Gateway|502/]],
  ['unavailable', messages(503, 'api_error'), [503, 'server_error', 'server_is_overloaded', /says no/]],
  ['timeout', messages(504, 'timeout_error'), [504, 'server_error', 'timeout', /says no/]],
  [
    'overloaded',
    messages(529, 'overloaded_error', { message: 'Overloaded' }),
    [503, 'server_error', 'server_is_overloaded', /Overloaded/],
  ],
  [
    'context',
    messages(400, invalid, { message: 'prompt is too long: 210000 tokens > 200000 maximum' }),
    [400, invalid, 'context_length_exceeded', /prompt is too long: 210000 tokens > 200000 maximum/],
  ],
  [
    'max tokens',
    messages(400, invalid, {
      message:
        'max_tokens: 128000 > 64000, which is the maximum allowed number of output tokens for claude-sonnet-4-5',
    }),
    [400, invalid, 'invalid_value', /max_tokens: 128000 > 64000/],
  ],
  [
    'policy',
    messages(400, invalid, { message: 'Output blocked by content filtering policy' }),
    [400, invalid, 'content_policy_violation', /blocked/],
  ],
];

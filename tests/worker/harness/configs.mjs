// Configs and requests that most tests start from.

export const KEY = 'gw_Test-key-0123456789-abcdefghijkl';
export const CHAT_PATH = '/v1/chat/completions';
export const MESSAGES_PATH = '/v1/messages';

/** A provider that speaks OpenAI's format at `upstream`. */
export const openaiProvider = (upstream, { id = 'alpha', models = [{ id: 'gpt-a' }], ...rest } = {}) => ({
  id,
  name: id,
  baseUrl: `${upstream.url}/v1`,
  format: 'openai',
  apiKey: `sk-${id}-upstream-secret`,
  models,
  ...rest,
});

/** A provider that speaks Anthropic's format at `upstream`. */
export const claudeProvider = (upstream, { id = 'beta', models = [{ id: 'claude-b' }], ...rest } = {}) => ({
  id,
  name: id,
  baseUrl: upstream.url,
  format: 'claude',
  apiKey: `sk-${id}-upstream-secret`,
  models,
  ...rest,
});

export const config = (providers, rest = {}) => ({
  version: 2,
  masterKey: KEY,
  providers,
  modelAliases: {},
  ...rest,
});

/** A bucket over all models: `requests` in each `size` `unit`s. */
export const bucket = (requests, unit, size = 1, id = `${requests}-${unit}-${size}`) => ({
  id,
  name: id,
  models: ['all'],
  requests,
  window: { unit, size },
});

/** A cap that no test outlives. */
export const cap = (requests) => bucket(requests, 'month', 12, 'cap');

/** Caps hold with these as without; tests of exactness run with each. */
export const LEASES = [
  ['off', { leases: { max: 1 } }],
  ['by default', {}],
  ['of 1,000 for 20 s', { leases: { max: 1_000, ttlMs: 20_000 } }],
];

export const chat = (model = 'alpha/gpt-a', rest = {}) => ({
  model,
  messages: [{ role: 'user', content: 'hi' }],
  ...rest,
});
export const messages = (model = 'beta/claude-b', rest = {}) => ({
  model,
  max_tokens: 64,
  messages: [{ role: 'user', content: 'hi' }],
  ...rest,
});

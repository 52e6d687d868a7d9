// What tests of caps share: an upstream, gateways whose providers lead to it, and what is asked of them.

import { test } from 'node:test';
import { send } from './client.mjs';
import { CHAT_PATH, KEY, LEASES, MESSAGES_PATH, chat, config, messages, openaiProvider } from './configs.mjs';
import { gatewayFor, upstreamFor } from './setup.mjs';

/** An upstream for a whole file, which each test finds as new. */
export async function benchFor({ after, beforeEach }) {
  const upstream = await upstreamFor({ after });
  beforeEach(() => upstream.reset());
  const configOf = (...providers) => config(providers.map((provider) => openaiProvider(upstream, provider)));
  return {
    upstream,
    /** How many requests have reached it. */
    sent: () => upstream.requests.length,
    /** What `openaiProvider` takes, each at the upstream. */
    configOf,
    gatewayWith: (t, ...providers) => gatewayFor(t, { config: configOf(...providers) }),
  };
}

/** What `send` and `begin` take. */
export const post = (model = 'alpha/gpt-a') => ({ path: CHAT_PATH, key: KEY, body: chat(model) });
export const ask = (url, model) => send(url, post(model));
export const askMessages = (url, model = 'alpha/gpt-a') =>
  send(url, { path: MESSAGES_PATH, key: KEY, body: messages(model) });

/** Tests exactness with leases and without: `run(t, leases, mode)`. */
export function exactly(name, run) {
  for (const [mode, leases] of LEASES) test(`${name}, leases ${mode}`, (t) => run(t, leases, mode));
}

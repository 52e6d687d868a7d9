// What Codex does when something fails: the same as with its own provider.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { skip } from './harness/agent.mjs';
import { direct, through } from './harness/scene.mjs';
import { ANSWER, FILES, assertDone, task } from './harness/tasks.mjs';

const PROVIDERS = {
  'a Messages provider': {
    format: 'claude',
    model: 'claude-opus-5-5',
    traits: { limit: 128_000, midSystem: true },
  },
  'a Chat provider': { format: 'openai', model: 'gpt-5.2', traits: { openai: true, limit: 128_000 } },
};
// What the gateway would do about it by itself is another matter, see below.
const ALONE = { LLM_ROUTER_ORIGIN_RETRY_ATTEMPTS: '1', LLM_ROUTER_FALLBACK_CIRCUIT_FAILURES: '0' };
const answer = { text: ANSWER };
const partly = { text: 'It is going to' };

/** Steps by fault; `same`: what the user is told is the same to the letter. */
const FAULTS = {
  'a rate limit': { steps: [{ fault: 'rate_limit', after: 1 }] },
  overload: { steps: [{ fault: 'overloaded' }] },
  'a context that is too long': { steps: [{ fault: 'context' }] },
  'an answer that breaks': { steps: [{ fault: 'broken', ...partly }, answer] },
  'an answer that breaks for overload': { steps: [{ fault: 'broken_overloaded', ...partly }] },
};

for (const [name, provider] of Object.entries(PROVIDERS)) {
  for (const [fault, { steps }] of Object.entries(FAULTS)) {
    test(`${fault}, with ${name}`, { skip }, async (t) => {
      const own = await (await direct(t, 'codex')).play(steps);
      const ours = await (await through(t, 'codex', { ...provider, vars: ALONE })).play(steps);
      console.log(fault, own.code, own.text, own.requests, own.ms, '|', ours.code, ours.text, ours.requests, ours.ms);
    });
  }
}

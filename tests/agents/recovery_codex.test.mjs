// What Codex does when something fails: the same as with its own provider.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { skip } from './harness/agent.mjs';
import { same, through } from './harness/scene.mjs';
import { ANSWER, FILES, task } from './harness/tasks.mjs';

// The gateway's own retries are a thing of their own: see the last test.
const ALONE = { LLM_ROUTER_ORIGIN_RETRY_ATTEMPTS: '1', LLM_ROUTER_FALLBACK_CIRCUIT_FAILURES: '0' };
const CLAUDE = {
  format: 'claude',
  model: 'claude-opus-5-5',
  traits: { limit: 128_000, midSystem: true },
};
const CHAT = { format: 'openai', model: 'gpt-5.2', traits: { openai: true, limit: 128_000 } };
const PROVIDERS = { 'a Messages provider': CLAUDE, 'a Chat provider': CHAT };

const begun = { thinking: { text: 'Go on, then.', signature: 'begun' }, text: 'It is going to' };
const overload = { fault: 'overloaded' };

/** In the middle of the task: how it ends, and after how many requests. */
const FAULTS = {
  'a rate limit': { faults: [{ fault: 'rate_limit', after: 1 }], text: ANSWER, requests: 5 },
  overload: { faults: [overload], text: ANSWER, requests: 5 },
  'overload that lasts': { faults: Array(5).fill(overload), text: /at capacity/, requests: 6 },
  'an answer that breaks': { faults: [{ fault: 'broken', ...begun }], text: ANSWER, requests: 5 },
  'an answer that breaks for overload': {
    faults: [{ fault: 'broken_overloaded', ...begun }],
    text: /at capacity/,
    requests: 2,
  },
  'an answer cut short': { faults: [{ fault: 'cut', ...begun }], text: ANSWER, requests: 5 },
  'a context that is too long': { faults: [{ fault: 'context' }], text: /ran out of room/, requests: 2 },
  'a request that is refused': { faults: [{ fault: 'invalid' }], text: /Something is wrong/, requests: 2 },
  'an answer that is too long': {
    faults: [{ ...begun, stop: 'length' }],
    text: /max_output_tokens/,
    requests: 2,
  },
};

for (const [name, provider] of Object.entries(PROVIDERS)) {
  for (const [fault, { faults, text, requests }] of Object.entries(FAULTS)) {
    test(`${fault}, with ${name}`, { skip }, async (t) => {
      const script = () =>
        task('codex', { between: faults }).slice(0, text === ANSWER ? undefined : 1 + faults.length);
      const outcome = await same(t, 'codex', { ...provider, vars: ALONE }, script, { files: FILES });
      if (text === ANSWER) assert.equal(outcome.text, ANSWER);
      else assert.match(outcome.text, text);
      assert.equal(outcome.requests, requests);
    });
  }

  test(`the gateway retries by itself, with ${name}`, { skip }, async (t) => {
    const { play, upstream } = await through(t, 'codex', provider);
    const outcome = await play(task('codex', { between: [overload, overload] }), { files: FILES });
    assert.deepEqual([outcome.text, outcome.requests], [ANSWER, 4]);
    assert.deepEqual(upstream(), [6]);
  });
}

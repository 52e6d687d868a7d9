// What Claude Code does when something fails: the same as with its own provider.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { skip } from './harness/agent.mjs';
import { same, through } from './harness/scene.mjs';
import { ANSWER, FILES, task } from './harness/tasks.mjs';

// The gateway's own retries are a thing of their own: see the last test.
const ALONE = { LLM_ROUTER_ORIGIN_RETRY_ATTEMPTS: '1', LLM_ROUTER_FALLBACK_CIRCUIT_FAILURES: '0' };
const COMPATIBLE = { format: 'openai', model: 'qwen3-coder', traits: { limit: 128_000 } };
const OPENAI = {
  format: 'openai',
  model: 'gpt-5.2',
  names: ['claude-opus-5-5'],
  traits: { openai: true, limit: 128_000 },
};
const RESPONSES = {
  format: 'openai-responses',
  model: 'gpt-5.4',
  names: ['claude-opus-5-5'],
  traits: { limit: 128_000 },
};
const PROVIDERS = {
  'a compatible server': { provider: COMPATIBLE, options: { files: FILES } },
  OpenAI: { provider: OPENAI, options: { files: FILES, model: 'claude-opus-5-5' } },
  Responses: { provider: RESPONSES, options: { files: FILES, model: 'claude-opus-5-5' } },
};

const begun = { thinking: { text: 'Go on, then.', signature: 'begun' }, text: 'It is going to' };
const overload = { fault: 'overloaded' };
const summary = { text: '<analysis>…</analysis>\n<summary>16 became 19; the command remains.</summary>' };

/** In the middle of the task: how it ends, and after how many requests. */
const FAULTS = {
  'a rate limit': { faults: [{ fault: 'rate_limit', after: 1 }], text: ANSWER, requests: 5 },
  overload: { faults: [overload], text: ANSWER, requests: 5 },
  'overload that lasts': { faults: Array(3).fill(overload), text: /Overloaded|529/, requests: 4 },
  // The second request asks for the same without a stream. Of the first one Claude Code knows the usage with
  // which it began; Chat tells at the end, so that was an estimate.
  'an answer that breaks': {
    faults: [{ fault: 'broken', ...begun }],
    text: ANSWER,
    requests: 5,
    except: ['usage'],
  },
  'an answer that breaks for overload': {
    faults: [{ fault: 'broken_overloaded', ...begun }],
    text: ANSWER,
    requests: 5,
    except: ['usage'],
  },
  'an answer cut short': { faults: [{ fault: 'cut', ...begun }], text: ANSWER, requests: 5 },
  'more output asked for than there can be': { faults: [{ fault: 'max_tokens' }], text: ANSWER, requests: 5 },
  'a request that is refused': {
    faults: Array(6).fill({ fault: 'invalid' }),
    text: /Something is wrong/,
    requests: 7,
  },
  'a refusal': {
    faults: Array(2).fill({ ...begun, stop: 'refusal' }),
    text: /safeguards flagged/,
    requests: 3,
  },
  'an answer that is too long': { faults: [{ ...begun, stop: 'length' }], text: ANSWER, requests: 5 },
};

for (const [name, { provider, options }] of Object.entries(PROVIDERS)) {
  for (const [fault, { faults, text, requests, except }] of Object.entries(FAULTS)) {
    test(`${fault}, with ${name}`, { skip }, async (t) => {
      const ends = text !== ANSWER;
      const script = () => task('claude', { between: faults }).slice(0, ends ? 1 + faults.length : undefined);
      const env = { CLAUDE_CODE_MAX_RETRIES: '2' };
      const how = { ...options, env, except };
      const outcome = await same(t, 'claude', { ...provider, vars: ALONE }, script, how);
      if (ends) assert.match(outcome.text, text);
      else assert.equal(outcome.text, ANSWER);
      assert.equal(outcome.requests, requests);
    });
  }

  test(`a context that is too long, with ${name}`, { skip }, async (t) => {
    const script = () => [
      ...task('claude').slice(0, 3),
      { fault: 'context' },
      (seen) => {
        assert.match(JSON.stringify(seen.body), /TEXT ONLY/);
        return summary;
      },
      (seen) => {
        assert.match(JSON.stringify(seen.body), /16 became 19; the command remains/);
        return { text: ANSWER };
      },
    ];
    assert.equal((await same(t, 'claude', provider, script, options)).text, ANSWER);
  });

  test(`the gateway retries by itself, with ${name}`, { skip }, async (t) => {
    const { play, upstream } = await through(t, 'claude', provider);
    const outcome = await play(task('claude', { between: [overload, overload] }), options);
    assert.deepEqual([outcome.text, outcome.requests], [ANSWER, 4]);
    assert.deepEqual(upstream(), [6]);
  });
}

// Conversations whose requests go to two providers in turn: each gets its own thinking back, and nobody else's.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { skip } from './harness/agent.mjs';
import { through } from './harness/scene.mjs';
import { ANSWER } from './harness/tasks.mjs';

// Odd: a second play begins with the other provider.
const STEPS = 5;
const SHELL = {
  claude: (command) => ({ tool: 'Bash', input: { command } }),
  codex: (cmd) => ({ tool: 'exec_command', input: { cmd: `${cmd}; sleep 0.2` } }), // see `tasks.mjs`
};

/** Every step is thought about where that is asked for; what its provider has thought before comes back to it. */
function script(agent) {
  const thoughts = {};
  return Array.from({ length: STEPS }, (_, at) => (seen) => {
    const { model } = seen.body;
    const thinks = model === CHAT.model || ['enabled', 'adaptive'].includes(seen.body.thinking?.type);
    const own = (thoughts[model] ??= []);
    assert.deepEqual(seen.thoughts, thinks ? own : [], `thoughts of ${model} at step ${at}`);
    if (at > 0) assert.match(seen.result(`step${at - 1}`), new RegExp(`said ${at - 1}`));
    const thinking = thinks
      ? { text: `I think, ${at} times… ✓`, signature: `sig-${model}-${at}==` }
      : undefined;
    if (thinks) own.push(thinking);
    if (at === STEPS - 1) return { thinking, text: ANSWER };
    return { thinking, calls: [{ id: `step${at}`, ...SHELL[agent](`echo said ${at}`) }] };
  });
}

const CHAT = { format: 'openai', model: 'qwen3-coder', traits: { limit: 128_000 } };
const BUDGET = {
  model: 'claude-sonnet-4-5',
  names: ['claude-sonnet-4-5'],
  traits: { limit: 64_000, budget: true },
};
const ADAPTIVE = { model: 'claude-opus-5-5', traits: { limit: 128_000, midSystem: true } };
const CASES = {
  'Claude Code, relayed to Claude': ['claude', { format: 'relayed claude', ...ADAPTIVE }],
  'Claude Code, relayed to Claude with a budget': ['claude', { format: 'relayed claude', ...BUDGET }],
  'Codex, Claude': ['codex', { format: 'claude', ...ADAPTIVE }],
  'Codex, Claude with a budget': ['codex', { format: 'claude', ...BUDGET }],
};

for (const [name, [agent, provider]] of Object.entries(CASES)) {
  test(`${name}, and a Chat provider`, { skip }, async (t) => {
    const { play, upstream } = await through(t, agent, provider, CHAT);
    // Claude Code asks for a budget by this name only; to Codex it means nothing.
    for (const _ of ['one begins', 'the other begins']) {
      const { code, text } = await play(script(agent), { model: provider.names?.[0] });
      assert.deepEqual([code, text], [0, ANSWER]);
    }
    assert.deepEqual(upstream(), [STEPS, STEPS]);
  });
}

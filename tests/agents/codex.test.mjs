// Codex in front of providers that speak Messages or Chat Completions.

import { test } from 'node:test';
import { skip } from './harness/agent.mjs';
import { direct, through } from './harness/scene.mjs';
import { FILES, assertDone, task } from './harness/tasks.mjs';

const KNOWN = 'gpt-5.6-sol'; // to Codex

test('its own provider, to compare with', { skip }, async (t) => {
  const { play } = await direct(t, 'codex');
  assertDone(await play(task('codex'), { files: FILES }));
  assertDone(await play(task('codex in code'), { model: KNOWN, files: FILES }));
});

const CLAUDE = { format: 'claude', names: [KNOWN] };
const PROVIDERS = {
  'Claude, thinking as it sees fit': {
    ...CLAUDE,
    model: 'claude-opus-5-5',
    traits: { limit: 128_000, midSystem: true },
  },
  'Claude, thinking by a budget': {
    ...CLAUDE,
    model: 'claude-sonnet-4-5',
    traits: { limit: 64_000, budget: true },
  },
  "OpenAI's Chat Completions": {
    format: 'openai',
    names: [KNOWN],
    model: 'gpt-5.2',
    traits: { openai: true, limit: 128_000 },
  },
  'a compatible server': {
    format: 'openai',
    names: [KNOWN],
    model: 'qwen3-coder',
    traits: { limit: 16_384 },
    maxOutputTokens: 16_384,
  },
};

for (const [name, provider] of Object.entries(PROVIDERS)) {
  test(`a task, with ${name}`, { skip }, async (t) => {
    const { play } = await through(t, 'codex', provider);
    assertDone(await play(task('codex'), { files: FILES }));
  });

  test(`a task of a model that writes code, with ${name}`, { skip }, async (t) => {
    const { play } = await through(t, 'codex', provider);
    assertDone(await play(task('codex in code'), { model: KNOWN, files: FILES }));
  });
}

// Claude Code in front of providers that speak Chat Completions, or Responses.

import { test } from 'node:test';
import { skip } from './harness/agent.mjs';
import { direct, through } from './harness/scene.mjs';
import { FILES, assertDone, task } from './harness/tasks.mjs';

const LIMIT = 16_384;

test('its own provider, to compare with', { skip }, async (t) => {
  const { play } = await direct(t, 'claude');
  assertDone(await play(task('claude'), { files: FILES }));
});

test('a task, with a compatible server', { skip }, async (t) => {
  const { play } = await through(t, 'claude', {
    format: 'openai',
    model: 'qwen3-coder',
    maxOutputTokens: LIMIT,
    traits: { limit: LIMIT },
  });
  assertDone(await play(task('claude'), { files: FILES }));
});

test("a task, with OpenAI's dialect, under a name that Claude Code knows", { skip }, async (t) => {
  const { play } = await through(t, 'claude', {
    format: 'openai',
    model: 'gpt-5.2',
    names: ['claude-opus-5-5'],
    traits: { openai: true, limit: 128_000 },
  });
  assertDone(await play(task('claude'), { model: 'claude-opus-5-5', files: FILES }));
});

test('a task, with a provider of Responses', { skip }, async (t) => {
  const { play } = await through(t, 'claude', {
    format: 'openai-responses',
    model: 'gpt-5.4',
    names: ['claude-opus-5-5'],
    traits: { limit: 128_000 },
  });
  assertDone(await play(task('claude'), { model: 'claude-opus-5-5', files: FILES }));
});

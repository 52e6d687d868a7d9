// What else Codex does: namespaces of tools, images, conversations that grow too long.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { skip } from './harness/agent.mjs';
import { same } from './harness/scene.mjs';
import { ANSWER, CALLS, FILES, PNG } from './harness/tasks.mjs';

const KNOWN = 'gpt-5.6-sol';
const PROVIDERS = {
  'a Messages provider': {
    format: 'claude',
    model: 'claude-sonnet-4-5',
    names: [KNOWN],
    traits: { limit: 64_000, budget: true },
  },
  'a Chat provider': { format: 'openai', model: 'qwen3-coder', names: [KNOWN], traits: { limit: 16_384 } },
};
const thinking = { text: 'Hm.', signature: 'c2ln' };

for (const [name, provider] of Object.entries(PROVIDERS)) {
  test(`tools in namespaces, with ${name}`, { skip }, async (t) => {
    const script = () => [
      {
        thinking,
        calls: [
          { id: 'agents', tool: 'list_agents', input: {} },
          { id: 'code', tool: 'exec', input: 'text("“quoted”\\n" + 6 * 7);' },
        ],
      },
      (seen) => {
        assert.match(seen.result('agents'), /root/);
        assert.match(seen.result('code'), /“quoted”\n42/);
        return { text: ANSWER };
      },
    ];
    const { text } = await same(t, 'codex', provider, script, { model: KNOWN });
    assert.equal(text, ANSWER);
  });

  test(`an image, with ${name}`, { skip }, async (t) => {
    const script = () => [
      {
        thinking,
        calls: [
          { id: 'image', tool: 'view_image', input: { path: 'dot.png' } },
          { id: 'text', tool: 'exec_command', input: { cmd: 'echo beside; sleep 0.2' } },
        ],
      },
      (seen) => {
        assert.match(seen.result('text'), /beside/);
        assert.ok(JSON.stringify(seen.body).includes(PNG.toString('base64')), 'the image is there');
        return { text: ANSWER };
      },
    ];
    const { text } = await same(t, 'codex', provider, script, { files: { 'dot.png': PNG } });
    assert.equal(text, ANSWER);
  });

  test(`a conversation that grows too long, with ${name}`, { skip }, async (t) => {
    const { read, edit, run } = CALLS.codex;
    const script = () => [
      { thinking, calls: read },
      { calls: [edit], used: 190_000 },
      (seen) => {
        assert.match(JSON.stringify(seen.body), /CONTEXT CHECKPOINT COMPACTION/);
        return { thinking, text: '16 became 19; the command remains.' };
      },
      (seen) => {
        assert.equal(seen.results.size, 0);
        assert.match(JSON.stringify(seen.body), /16 became 19; the command remains/);
        return { thinking, calls: [run] };
      },
      (seen) => {
        assert.match(seen.result('run'), /total 119 €/);
        return { text: ANSWER };
      },
    ];
    const args = ['-c', 'model_auto_compact_token_limit=100000'];
    const { text } = await same(t, 'codex', provider, script, { files: FILES, args });
    assert.equal(text, ANSWER);
  });
}

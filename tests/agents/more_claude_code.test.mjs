// What else Claude Code does: tools that it loads when they are wanted, media, agents of its own, counting.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { until } from '../worker/harness/client.mjs';
import { skip } from './harness/agent.mjs';
import { direct, same, through } from './harness/scene.mjs';
import { ANSWER, PDF, PNG } from './harness/tasks.mjs';

const OPUS = 'claude-opus-5-5';
const COMPATIBLE = { format: 'openai', model: 'qwen3-coder', names: [OPUS], traits: { limit: 128_000 } };
const OPENAI = {
  format: 'openai',
  model: 'gpt-5.2',
  names: [OPUS],
  traits: { openai: true, limit: 128_000 },
};

const RESPONSES = {
  format: 'openai-responses',
  model: 'gpt-5.4',
  names: [OPUS],
  traits: { limit: 128_000 },
};
const PROVIDERS = { 'a compatible server': COMPATIBLE, OpenAI: OPENAI, Responses: RESPONSES };

for (const [name, provider] of Object.entries(PROVIDERS)) {
  test(`tools that are loaded when they are wanted, with ${name}`, { skip }, async (t) => {
    const script = (ours) => [
      (seen) => {
        if (ours) assert.ok(!seen.tools.includes('CronList'), 'nobody is told of what is not loaded');
        return {
          calls: [{ id: 'search', tool: 'ToolSearch', input: { query: 'select:CronList,WebFetch' } }],
        };
      },
      (seen) => {
        if (ours) assert.match(seen.result('search'), /CronList/);
        return { calls: [{ id: 'cron', tool: 'CronList', input: {} }] };
      },
      (seen) => {
        assert.match(seen.result('cron'), /No scheduled jobs/);
        return { text: ANSWER };
      },
    ];
    const own = await (await direct(t, 'claude')).play(script(false), { model: OPUS });
    const ours = await (await through(t, 'claude', provider)).play(script(true), { model: OPUS });
    assert.deepEqual([ours.text, ours.requests, ours.usage], [own.text, own.requests, own.usage]);
  });

  test(`an image and a document, with ${name}`, { skip }, async (t) => {
    const script = () => [
      {
        calls: [
          { id: 'image', tool: 'Read', input: { file_path: 'dot.png' } },
          { id: 'document', tool: 'Read', input: { file_path: 'page.pdf' } },
          { id: 'text', tool: 'Bash', input: { command: 'echo beside' } },
        ],
      },
      (seen) => {
        const body = JSON.stringify(seen.body);
        assert.match(seen.result('text'), /beside/);
        assert.ok(body.includes(PNG.toString('base64')), 'the image is there');
        if (seen.body.model !== COMPATIBLE.model) assert.ok(body.includes(PDF.toString('base64')), 'the PDF');
        return { text: ANSWER };
      },
    ];
    const files = { 'dot.png': PNG, 'page.pdf': PDF };
    assert.equal((await same(t, 'claude', provider, script, { model: OPUS, files })).text, ANSWER);
  });

  test(`an agent of its own, with ${name}`, { skip }, async (t) => {
    const script = () => [
      {
        calls: [
          {
            id: 'agent',
            tool: 'Agent',
            input: {
              description: 'Look around',
              prompt: 'Say what there is.',
              subagent_type: 'general-purpose',
              run_in_background: false,
            },
          },
        ],
      },
      (seen) => {
        assert.match(JSON.stringify(seen.body), /Say what there is/);
        return { text: 'There is nothing.' };
      },
      (seen) => {
        assert.match(seen.result('agent'), /There is nothing/);
        return { text: ANSWER };
      },
    ];
    assert.equal((await same(t, 'claude', provider, script)).text, ANSWER);
  });
}

test('counting tokens counts against no cap', { skip }, async (t) => {
  const { play, gateway } = await through(t, 'claude', {
    ...COMPATIBLE,
    vars: { LLM_ROUTER_LOG_LEVEL: 'debug' },
  });
  const { code, text, requests } = await play([], { prompt: '/context' });
  assert.deepEqual([code, requests], [0, 0], text);
  assert.match(text, /tokens/i);
  const told = () => /"endpoint":"count_tokens"/.test(gateway.stdout() + gateway.stderr());
  await until(told, 'the log tells of counting');
});

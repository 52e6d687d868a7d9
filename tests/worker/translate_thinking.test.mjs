// Thinking goes back to the provider that made it, and to no other, whatever format either has.

import assert from 'node:assert/strict';
import { after, beforeEach, describe, test } from 'node:test';
import { claudeProvider, openaiProvider } from './harness/configs.mjs';
import { conversationOf } from './harness/translate/read.mjs';
import { converse, sdks } from './harness/translate/sdks.mjs';
import { stageFor } from './harness/translate/stage.mjs';
import { PLAYS, REDACTED, SIGNATURE, TOOLS } from './harness/translate/turns.mjs';

const stage = await stageFor(
  { after },
  {
    providers: ({ chat, messages, responses }) => [
      openaiProvider(chat, { id: 'chat-too', models: [{ id: 'deepseek-chat' }] }),
      claudeProvider(messages, { id: 'messages-too', models: [{ id: 'claude-sonnet-4-5' }] }),
      openaiProvider(responses, {
        id: 'responses-too',
        format: 'openai-responses',
        models: [{ id: 'gpt-5.2' }],
      }),
    ],
  },
);
beforeEach(stage.reset);

const OPUS = 'messages/claude-sonnet-5-5';
const SONNET = 'messages/claude-sonnet-4-5';
const DEEPSEEK = 'chat/deepseek-chat';
const GPT = 'responses/gpt-5.2';
const formatOf = (model) => /^[a-z]+/.exec(model)[0];

/** Asks one model for the first turn of a play and another for the next; answers what that provider got. */
async function handOver(client, mode, [first, second], play) {
  const asked = { play, tools: TOOLS, rest: effort(client) };
  const { history, api } = await converse(client, mode, stage.url, { ...asked, model: first, turns: 1 });
  const body = client.body({ ...asked, model: second, history });
  const heard = client.heard(await client.modes[mode](api, body));
  assert.equal(heard.text, 'Done.');
  const { json, body: bytes } = stage.upstreams[formatOf(second)].requests.at(-1);
  return { conversation: conversationOf(formatOf(second), json), text: bytes.toString(), json };
}

const thinkings = (conversation) => conversation.filter(([who]) => ['thinking', 'redacted'].includes(who));
const THOUGHT = PLAYS.think_tool[0].thinking.join('');

for (const client of sdks) {
  const foreign = (model) => formatOf(model) !== client.format;
  describe(client.name, () => {
    for (const mode of Object.keys(client.modes)) {
      for (const model of [SONNET, OPUS, GPT].filter(foreign)) {
        test(`thinking goes back to ${model}, ${mode}`, async () => {
          const { conversation, json } = await handOver(client, mode, [model, model], 'think_tool');
          assert.deepEqual(thinkings(conversation), [['thinking', THOUGHT, SIGNATURE]]);
          if (model === GPT) assert.ok(json.reasoning.effort);
          else assert.ok(['enabled', 'adaptive'].includes(json.thinking.type));
        });

        test(`hidden thinking goes back to ${model}, ${mode}`, async () => {
          const { conversation } = await handOver(client, mode, [model, model], 'redacted');
          assert.deepEqual(thinkings(conversation), [['redacted', REDACTED]]);
        });
      }

      for (const pair of [
        [SONNET, OPUS],
        [SONNET, 'messages-too/claude-sonnet-4-5'],
        [SONNET, 'chat/gpt-4o'],
        [DEEPSEEK, SONNET],
        [DEEPSEEK, 'chat/gpt-4o'],
        [GPT, 'responses/gpt-5.4'],
        [GPT, 'responses-too/gpt-5.2'],
        [GPT, SONNET],
        [SONNET, GPT],
      ]) {
        // Between equal formats nothing is sealed, and nothing is unsealed.
        if (!foreign(pair[0])) continue;
        test(`${pair[0]} thinks, ${pair[1]} goes on, ${mode}`, async () => {
          const { conversation, text } = await handOver(client, mode, pair, 'think_tool');
          assert.ok(!text.includes('gw1.') && !text.includes(SIGNATURE), 'no signature of another provider');
          if (formatOf(pair[1]) !== 'chat') assert.deepEqual(thinkings(conversation), []);
          assert.equal(conversation.filter(([who]) => who === 'call').length, 2);
          assert.equal(conversation.filter(([who]) => who === 'result').length, 2);
        });
      }
    }
  });
}

function effort({ format }) {
  if (format === 'chat') return { reasoning_effort: 'low' };
  if (format === 'responses')
    return { reasoning: { effort: 'low', summary: 'auto' }, include: ['reasoning.encrypted_content'] };
  return { thinking: { type: 'enabled', budget_tokens: 1_024 } };
}

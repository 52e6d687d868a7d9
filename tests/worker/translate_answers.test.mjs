// Every official SDK hears all that a provider of the other format says, in every way of asking for it.

import assert from 'node:assert/strict';
import { after, beforeEach, describe, test } from 'node:test';
import { assertHeard, converse, sdks } from './harness/translate/sdks.mjs';
import { foreign, stageFor } from './harness/translate/stage.mjs';
import { TOOLS } from './harness/translate/turns.mjs';

const stage = await stageFor({ after });
beforeEach(stage.reset);

const MODELS = {
  chat: ['chat/deepseek-chat'],
  messages: ['messages/claude-sonnet-4-5'],
  responses: ['responses/gpt-5.2'],
};
const TURNS = ['text', 'thinking', 'max', 'refusal', 'tool', 'none', 'parallel', 'think_tool'];

for (const client of sdks) {
  for (const upstream of foreign(client)) {
    for (const model of MODELS[upstream]) {
      describe(`${client.name} on ${model}`, () => {
        for (const mode of Object.keys(client.modes)) {
          for (const play of TURNS) {
            test(`${play}, ${mode}`, async () => {
              const conversation = converse(client, mode, stage.url, { play, model, tools: TOOLS });
              const raised = mode === 'helper' && client.raises?.[play];
              if (raised) return assert.rejects(conversation, raised);
              const { answers } = await conversation;
              assertHeard(answers, { format: client.format, model, upstream });
              assert.ok(stage.upstreams[upstream].requests.length === answers.length);
            });
          }
        }
      });
    }
  }
}

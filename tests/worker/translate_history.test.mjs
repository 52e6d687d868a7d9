// What a provider gets of conversations that went through the official SDKs: their histories say the same in
// its own format, with every call and result in its place.

import assert from 'node:assert/strict';
import { after, beforeEach, describe, test } from 'node:test';
import { conversationOf, toolsOf } from './harness/translate/read.mjs';
import { converse, sdks } from './harness/translate/sdks.mjs';
import { foreign, stageFor } from './harness/translate/stage.mjs';
import { PLAYS, SIGNATURE, TOOLS, resultOf } from './harness/translate/turns.mjs';

const stage = await stageFor({ after });
beforeEach(stage.reset);

const PROMPT = 'You are terse.\nAnswer in German.';
const MODELS = {
  chat: 'chat/deepseek-chat',
  messages: 'messages/claude-sonnet-4-5',
  responses: 'responses/gpt-5.2',
};

/** What the last request of a play is to hold. */
function history(play, upstream) {
  const turns = PLAYS[play];
  const said = [
    ['system', PROMPT],
    ['user', `play:${play}/events`],
  ];
  for (const { thinking, text, calls = [] } of turns.slice(0, -1)) {
    if (thinking) {
      const shown = ['thinking', thinking.join('')];
      said.push(upstream === 'chat' ? shown : [...shown, SIGNATURE]);
    } else if (upstream === 'chat' && calls.length) {
      said.push(['thinking', ' ']); // such models take no calls without any
    }
    if (text) said.push(['assistant', text.join('')]);
    for (const { id, name, args } of calls) said.push(['call', id, name, args]);
    for (const call of calls) said.push(['result', call.id, resultOf(call)]);
    if (calls.length === 0) said.push(['user', 'Go on.']);
  }
  return said;
}

for (const client of sdks) {
  for (const upstream of foreign(client)) {
    describe(`${client.name} on ${MODELS[upstream]}`, () => {
      for (const mode of Object.keys(client.modes)) {
        for (const play of ['text', 'thinking', 'parallel', 'think_tool']) {
          test(`${play}, ${mode}`, async () => {
            await converse(client, mode, stage.url, {
              play,
              model: MODELS[upstream],
              system: PROMPT,
              tools: TOOLS,
              rest: effort(client),
            });
            const { json } = stage.upstreams[upstream].requests.at(-1);
            assert.deepEqual(conversationOf(upstream, json), history(play, upstream));
            assert.deepEqual(
              toolsOf(upstream, json),
              TOOLS.map(({ name, schema }) => [name, schema]),
            );
            assert.equal(json.model, MODELS[upstream].split('/')[1]);
          });
        }
      }
    });
  }
}

/** Asks for thinking, without which providers do not get their thinking back. */
function effort({ format }) {
  if (format === 'chat') return { reasoning_effort: 'low' };
  if (format === 'responses')
    return { reasoning: { effort: 'low', summary: 'auto' }, include: ['reasoning.encrypted_content'] };
  return { thinking: { type: 'enabled', budget_tokens: 1_024 } };
}

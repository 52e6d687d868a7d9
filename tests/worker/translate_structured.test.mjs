// Answers of a given shape: the helpers of the official SDKs parse what providers of the other format say.

import assert from 'node:assert/strict';
import { after, beforeEach, describe, test } from 'node:test';
import * as latest from '@anthropic-ai/sdk/helpers/zod';
import * as previous from 'anthropic-sdk-0/helpers/zod';
import * as six from 'openai/helpers/zod';
import * as seven from 'openai-7/helpers/zod';
import { z } from 'zod/v4';
import { stream200 } from './harness/replies.mjs';
import { anthropics, chats, pythons, responders } from './harness/translate/sdks.mjs';
import { foreign, stageFor } from './harness/translate/stage.mjs';
import * as speakMessages from './harness/translate/speak_messages.mjs';

const stage = await stageFor({ after }, { models: ['claude-3-5-sonnet-latest'] });
beforeEach(stage.reset);

const SHAPE = z.object({ answer: z.number(), why: z.string() });
const ANSWER = { answer: 42, why: 'because' };
const ZOD = [latest, previous, six, seven, six, seven];

/** Of a client: the helper's field, and the parsed answer of a whole answer and of a helper's stream. */
const WAYS = {
  messages: (zod) => ({
    rest: { output_config: { format: zod.zodOutputFormat(SHAPE) } },
    plain: async (api, body) => (await api.messages.parse(body)).parsed_output,
    helper: async (api, body) => (await api.messages.stream(body).finalMessage()).parsed_output,
  }),
  chat: (zod) => ({
    rest: { response_format: zod.zodResponseFormat(SHAPE, 'shape') },
    plain: async (api, body) => (await api.chat.completions.parse(body)).choices[0].message.parsed,
    helper: async (api, body) =>
      (await api.chat.completions.stream(body).finalChatCompletion()).choices[0].message.parsed,
  }),
  responses: (zod) => ({
    rest: { text: { format: zod.zodTextFormat(SHAPE, 'shape') } },
    plain: async (api, body) => (await api.responses.parse(body)).output_parsed,
    helper: async (api, body) => (await api.responses.stream(body).finalResponse()).output_parsed,
  }),
};

const MODELS = {
  chat: 'chat/gpt-4o',
  messages: 'messages/claude-sonnet-4-5',
  responses: 'responses/gpt-4o',
};
const properties = ['answer', 'why'];

/** What a provider is asked for. */
function asked(upstream, body) {
  if (upstream === 'chat') {
    const { type, json_schema } = body.response_format;
    assert.equal(type, 'json_schema');
    assert.match(json_schema.name, /^[\w-]+$/);
    assert.equal(json_schema.strict, true);
    return json_schema.schema;
  }
  if (upstream === 'responses') {
    const { type, name, strict, schema } = body.text.format;
    assert.deepEqual([type, strict], ['json_schema', true]);
    assert.match(name, /^[\w-]+$/);
    return schema;
  }
  assert.equal(body.output_config.format.type, 'json_schema');
  return body.output_config.format.schema;
}

for (const [index, client] of [...anthropics, ...chats, ...responders].entries()) {
  const ways = WAYS[client.format](ZOD[index]);
  const api = client.connect(stage.url);
  for (const upstream of foreign(client)) {
    const model = MODELS[upstream];
    describe(`${client.name} on ${model}`, () => {
      for (const mode of ['plain', 'helper']) {
        test(`${mode}`, async () => {
          const body = client.body({ model, history: client.user('play:json'), rest: ways.rest });
          assert.deepEqual(await ways[mode](api, body), ANSWER);
          const schema = asked(upstream, stage.upstreams[upstream].requests[0].json);
          assert.deepEqual(
            [Object.keys(schema.properties), schema.additionalProperties],
            [properties, false],
          );
        });
      }
    });
  }
  if (client.format === 'messages') continue;
  describe(`${client.name} on a model that cannot`, () => {
    for (const mode of ['plain', 'helper']) {
      test(`${mode}`, async () => {
        // It is made to call a tool, whose arguments are the answer.
        const { messages } = stage.upstreams;
        messages.script(({ json }) => {
          const [{ name }] = json.tools;
          const usage = { input: 5, read: 0, written: 0, output: 5, thinking: 0 };
          const turn = { calls: [{ id: 'toolu_1', name, args: ANSWER }], stop: 'tools', usage };
          if (json.stream) return stream200(speakMessages.records(turn, json));
          return { body: speakMessages.document(turn, json) };
        });
        const model = 'messages/claude-3-5-sonnet-latest';
        const body = client.body({ model, history: client.user('hi'), rest: ways.rest });
        assert.deepEqual(await ways[mode](api, body), ANSWER);
        const [{ json }] = messages.requests;
        const choice = { type: 'tool', name: json.tools[0].name, disable_parallel_tool_use: true };
        assert.deepEqual(json.tool_choice, choice);
      });
    }
  });
}

for (const client of pythons) {
  for (const upstream of foreign(client)) {
    const model = MODELS[upstream];
    test(`${client.name} on ${model}`, async () => {
      const body = client.body({ model, history: client.user('play:json') });
      assert.deepEqual(await client.parse(client.connect(stage.url), body), ANSWER);
      const schema = asked(upstream, stage.upstreams[upstream].requests[0].json);
      assert.deepEqual(Object.keys(schema.properties), properties);
    });
  }
}

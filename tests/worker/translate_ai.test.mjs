// Vercel's AI SDK: its four ways of speaking, each to a provider of another format.

import assert from 'node:assert/strict';
import { after, beforeEach, describe, test } from 'node:test';
import { createAnthropic } from '@ai-sdk/anthropic';
import { createOpenAI } from '@ai-sdk/openai';
import { createOpenAICompatible } from '@ai-sdk/openai-compatible';
import { APICallError, Output, generateText, jsonSchema, stepCountIs, streamText, tool } from 'ai';
import { until } from './harness/client.mjs';
import { KEY } from './harness/configs.mjs';
import { openaiError, anthropicError, stream200 } from './harness/replies.mjs';
import { conversationOf } from './harness/translate/read.mjs';
import { stageFor } from './harness/translate/stage.mjs';
import { PLAYS, SIGNATURE, TOOLS, resultOf } from './harness/translate/turns.mjs';

globalThis.AI_SDK_LOG_WARNINGS = false;
const stage = await stageFor({ after }, { models: ['limited', 'broken'] });
beforeEach(stage.reset);

const at = { baseURL: `${stage.url}/v1`, apiKey: KEY };
const openai = createOpenAI(at);
const compatible = createOpenAICompatible({ name: 'gateway', includeUsage: true, ...at });
const CHAT = 'chat/deepseek-chat';
const MESSAGES = 'messages/claude-sonnet-4-5';
const RESPONSES = 'responses/gpt-5.2';
const stateless = { openai: { store: false, include: ['reasoning.encrypted_content'] } };

const CLIENTS = [
  { name: '@ai-sdk/anthropic', format: 'messages', of: createAnthropic(at), models: [CHAT, RESPONSES] },
  { name: '@ai-sdk/openai chat', format: 'chat', of: openai.chat, models: [MESSAGES, RESPONSES] },
  {
    name: '@ai-sdk/openai responses',
    format: 'responses',
    of: openai.responses,
    models: [CHAT, MESSAGES],
    options: stateless,
  },
  {
    name: '@ai-sdk/openai-compatible',
    format: 'chat',
    of: compatible,
    models: [MESSAGES, RESPONSES],
    thinks: true,
  },
];
const formatOf = (model) => /^[a-z]+/.exec(model)[0];

const tools = Object.fromEntries(
  TOOLS.map(({ name, description, schema }) => [
    name,
    tool({
      description,
      inputSchema: jsonSchema(schema),
      execute: async (args) => resultOf({ name, args }),
    }),
  ]),
);

const FINISH = { end: 'stop', max: 'length', tools: 'tool-calls', refusal: 'content-filter' };

/** All steps of a play, by one call or as a stream: what each step said. */
async function steps(mode, settings) {
  const asked = { maxRetries: 0, stopWhen: stepCountIs(5), tools, ...settings };
  if (mode === 'generateText') return (await generateText(asked)).steps;
  const errors = [];
  const result = streamText({ ...asked, onError: ({ error }) => errors.push(error) });
  const kinds = [];
  for await (const part of result.fullStream ?? result.stream) kinds.push(part.type);
  if (errors.length) throw errors[0];
  assert.deepEqual([kinds[0], kinds.at(-1)], ['start', 'finish']);
  return result.steps;
}

/** What it shows of a refusal, behind the text. */
function refusal({ format }, model, { stop, explanation }) {
  if (stop !== 'refusal' || format === 'messages') return '';
  return model === MESSAGES ? explanation : 'The model declined to answer.';
}

for (const client of CLIENTS) {
  for (const model of client.models) {
    const upstream = stage.upstreams[formatOf(model)];
    const settings = (play) => ({
      model: client.of(model),
      prompt: `play:${play}`,
      ...(client.options && { providerOptions: client.options }),
    });
    describe(`${client.name} on ${model}`, () => {
      for (const mode of ['generateText', 'streamText']) {
        for (const play of ['text', 'thinking', 'max', 'refusal', 'none', 'parallel', 'think_tool']) {
          test(`${play}, ${mode}`, async () => {
            const said = await steps(mode, settings(play));
            const turns = play === 'text' || play === 'thinking' ? PLAYS[play].slice(0, 1) : PLAYS[play];
            assert.equal(said.length, turns.length);
            for (const [index, turn] of turns.entries()) {
              const step = said[index];
              assert.equal(step.text, (turn.text?.join('') ?? '') + refusal(client, model, turn));
              assert.deepEqual(
                step.toolCalls.map(({ toolCallId: id, toolName: name, input: args }) => ({ id, name, args })),
                turn.calls ?? [],
              );
              assert.equal(step.finishReason, FINISH[turn.stop]);
              const { input, read, written, output } = turn.usage;
              const { usage } = step;
              assert.deepEqual([usage.inputTokens, usage.outputTokens], [input + read + written, output]);
              assert.equal(usage.inputTokenDetails.cacheReadTokens, read);
              if (client.thinks || client.format !== 'chat')
                assert.equal(step.reasoningText ?? '', turn.thinking?.join('') ?? '');
            }
          });
        }

        test(`the history of calls reaches the provider, ${mode}`, async () => {
          await steps(mode, settings('parallel'));
          const said = conversationOf(formatOf(model), upstream.requests.at(-1).json);
          const calls = PLAYS.parallel.flatMap(({ calls = [] }) => calls);
          assert.deepEqual(
            said.filter(([who]) => who === 'call'),
            calls.map(({ id, name, args }) => ['call', id, name, args]),
          );
          assert.deepEqual(
            said.filter(([who]) => who === 'result').map(([, ...rest]) => rest),
            calls.map((call) => [call.id, resultOf(call)]),
          );
        });

        test(`an answer of a given shape, ${mode}`, async () => {
          const schema = jsonSchema({
            type: 'object',
            properties: { answer: { type: 'number' }, why: { type: 'string' } },
            required: ['answer', 'why'],
            additionalProperties: false,
          });
          const asked = { ...settings('json'), maxRetries: 0, output: Output.object({ schema }) };
          const answered = mode === 'generateText' ? await generateText(asked) : streamText(asked);
          assert.deepEqual(await answered.output, { answer: 42, why: 'because' });
        });

        test(`a rate limit, ${mode}`, async () => {
          const limit = { message: 'Slow down', headers: { 'retry-after': '1' } };
          upstream.script(
            formatOf(model) === 'messages'
              ? anthropicError(429, 'rate_limit_error', limit)
              : openaiError(429, 'requests', limit),
          );
          const limited = `${formatOf(model)}/limited`;
          await assert.rejects(steps(mode, { ...settings('text'), model: client.of(limited) }), (error) => {
            assert.ok(APICallError.isInstance(error), String(error));
            assert.deepEqual([error.statusCode, error.isRetryable], [429, true]);
            assert.match(error.message, /Slow down|No provider has room/);
            return true;
          });
        });
      }

      for (const wire of ['failing', 'ended', 'reset']) {
        test(`a stream that is ${wire} is not taken for whole`, async () => {
          let finish;
          try {
            [{ finishReason: finish }] = await steps('streamText', settings(`text/${wire}`));
          } catch (error) {
            if (wire === 'failing') assert.match(JSON.stringify(error) + error.message, /Too busy/);
          }
          assert.ok([undefined, 'error', 'interrupted'].includes(finish), finish);
        });
      }

      test('an abort takes the upstream along', async () => {
        const ping = 'event: ping\ndata: {"type":"ping"}\n\n';
        const sign = formatOf(model) === 'messages' ? ping : ': PROCESSING\n\n';
        upstream.script(stream200(Array(1_000).fill([sign, 10]).flat()));
        const leaving = new AbortController();
        const { fullStream, stream } = streamText({
          ...settings('text'),
          abortSignal: leaving.signal,
          onError() {},
        });
        const read = (async () => {
          for await (const _ of fullStream ?? stream);
        })();
        await upstream.request(1);
        leaving.abort();
        await until(() => upstream.requests[0].gone, 'the upstream sees the hang-up');
        await read;
      });
    });
  }
}

test('thinking goes back with its signature through @ai-sdk/openai responses', async () => {
  await steps('streamText', {
    model: openai.responses(MESSAGES),
    prompt: 'play:think_tool',
    providerOptions: {
      openai: { ...stateless.openai, reasoningEffort: 'low', reasoningSummary: 'auto', forceReasoning: true },
    },
  });
  const said = conversationOf('messages', stage.upstreams.messages.requests.at(-1).json);
  const thought = PLAYS.think_tool[0].thinking.join('');
  assert.deepEqual(
    said.filter(([who]) => who === 'thinking'),
    [['thinking', thought, SIGNATURE]],
  );
});

test('@ai-sdk/openai responses is told to keep its own history', async () => {
  // By default it refers to what OpenAI would have stored.
  await assert.rejects(
    generateText({
      model: openai.responses(MESSAGES),
      prompt: 'play:parallel',
      tools,
      stopWhen: stepCountIs(5),
      maxRetries: 0,
    }),
    (error) => {
      assert.ok(APICallError.isInstance(error), String(error));
      assert.equal(error.statusCode, 400);
      assert.match(error.message, /`store` to false/);
      return true;
    },
  );
});

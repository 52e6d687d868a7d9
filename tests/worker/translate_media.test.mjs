// Images and documents reach providers of the other format whole, from the user and from tools.

import assert from 'node:assert/strict';
import { after, beforeEach, describe, test } from 'node:test';
import { conversationOf } from './harness/translate/read.mjs';
import { sdks } from './harness/translate/sdks.mjs';
import { foreign, stageFor } from './harness/translate/stage.mjs';
import { TOOLS } from './harness/translate/turns.mjs';

const stage = await stageFor({ after });
beforeEach(stage.reset);

const PNG =
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==';
const PDF = Buffer.from('%PDF-1.4\n1 0 obj\n<<>>\nendobj\ntrailer\n<<>>\n%%EOF\n').toString('base64');
const DATA = `data:image/png;base64,${PNG}`;
const URL = 'https://images.example/a.png';
const MODELS = {
  chat: 'chat/gpt-4o',
  messages: 'messages/claude-sonnet-4-5',
  responses: 'responses/gpt-4o',
};

/** The parts of a message in each format. */
const PARTS = {
  messages: {
    text: (text) => ({ type: 'text', text }),
    image: { type: 'image', source: { type: 'base64', media_type: 'image/png', data: PNG } },
    link: { type: 'image', source: { type: 'url', url: URL } },
    file: {
      type: 'document',
      title: 'a.pdf',
      source: { type: 'base64', media_type: 'application/pdf', data: PDF },
    },
  },
  chat: {
    text: (text) => ({ type: 'text', text }),
    image: { type: 'image_url', image_url: { url: DATA } },
    link: { type: 'image_url', image_url: { url: URL, detail: 'low' } },
    file: { type: 'file', file: { filename: 'a.pdf', file_data: `data:application/pdf;base64,${PDF}` } },
  },
  responses: {
    text: (text) => ({ type: 'input_text', text }),
    image: { type: 'input_image', image_url: DATA, detail: 'auto' },
    link: { type: 'input_image', image_url: URL, detail: 'auto' },
    file: { type: 'input_file', filename: 'a.pdf', file_data: `data:application/pdf;base64,${PDF}` },
  },
};
const SEEN = { image: DATA, link: URL, file: `data:application/pdf;base64,${PDF}` };

/** A turn that calls a tool twice, and its results: text with an image, and an image alone. */
const CALLED = {
  messages: ({ text, image }) => [
    {
      role: 'assistant',
      content: ['a', 'b'].map((id) => ({ type: 'tool_use', id, name: 'get_time', input: { zone: id } })),
    },
    {
      role: 'user',
      content: [
        { type: 'tool_result', tool_use_id: 'a', content: [text('seen'), image] },
        { type: 'tool_result', tool_use_id: 'b', content: [image] },
        text('What is it?'),
      ],
    },
  ],
  responses: ({ text, image }) => [
    ...['a', 'b'].map((call_id) => ({
      type: 'function_call',
      call_id,
      name: 'get_time',
      arguments: JSON.stringify({ zone: call_id }),
    })),
    { type: 'function_call_output', call_id: 'a', output: [text('seen'), image] },
    { type: 'function_call_output', call_id: 'b', output: [image] },
    { role: 'user', content: [text('What is it?')] },
  ],
};

for (const client of sdks) {
  const parts = PARTS[client.format];
  for (const upstream of foreign(client)) {
    const model = MODELS[upstream];
    const told = async (history) => {
      const body = client.body({ model, history, tools: TOOLS });
      await client.modes.plain(client.connect(stage.url), body);
      return conversationOf(upstream, stage.upstreams[upstream].requests[0].json);
    };
    describe(`${client.name} on ${model}`, () => {
      for (const kind of Object.keys(SEEN)) {
        test(`a user’s ${kind}`, async () => {
          const said = await told([{ role: 'user', content: [parts.text('Look:'), parts[kind]] }]);
          assert.deepEqual(said, [
            ['user', 'Look:'],
            ['user', { media: SEEN[kind] }],
          ]);
        });
      }

      const called = CALLED[client.format];
      if (!called) return;
      test('images in the results of tools', async () => {
        const said = await told([...client.user('Look'), ...called(parts)]);
        const image = { media: DATA };
        assert.deepEqual(said.slice(0, 3), [
          ['user', 'Look'],
          ['call', 'a', 'get_time', { zone: 'a' }],
          ['call', 'b', 'get_time', { zone: 'b' }],
        ]);
        const [first, second, ...rest] = said.slice(3);
        if (upstream !== 'chat') {
          assert.deepEqual(
            [first, second],
            [
              ['result', 'a', 'seen', image],
              ['result', 'b', '', image],
            ],
          );
          assert.deepEqual(rest, [['user', 'What is it?']]);
          return;
        }
        // Tools speak text alone there: what they show comes after all of them.
        assert.deepEqual(
          [first, second].map(([who, id]) => [who, id]),
          [
            ['result', 'a'],
            ['result', 'b'],
          ],
        );
        assert.match(first[2], /^seen/);
        assert.match(second[2], /./);
        assert.ok(![first, second].some(([, , text]) => text.includes(PNG)), 'no base64 as text');
        assert.deepEqual(
          rest.filter(([, what]) => what.media),
          [
            ['user', image],
            ['user', image],
          ],
        );
        assert.deepEqual(rest.at(-1), ['user', 'What is it?']);
      });
    });
  }
}

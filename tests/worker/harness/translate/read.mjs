// What a provider got, in no format: a list of `[who, what]`.

const texts = (content, pick) =>
  typeof content === 'string' ? content : (content ?? []).map(pick).filter(Boolean).join('');

const media = ({ type, image_url, source, file, file_data }) => {
  if (type === 'image_url') return image_url.url;
  if (type === 'input_image') return image_url;
  if (type === 'input_file') return file_data;
  if (type === 'file') return file.file_data;
  return source.type === 'url' ? source.url : `data:${source.media_type};base64,${source.data}`;
};

function chat({ messages }) {
  return messages.flatMap(({ role, content, tool_calls = [], tool_call_id, reasoning_content }) => {
    const parts = Array.isArray(content) ? content : content ? [{ type: 'text', text: content }] : [];
    if (role === 'tool') return [['result', tool_call_id, texts(content, ({ text }) => text)]];
    return [
      ...(reasoning_content ? [['thinking', reasoning_content]] : []),
      ...parts.map((part) =>
        part.type === 'text'
          ? [role === 'developer' ? 'system' : role, part.text]
          : [role, { media: media(part) }],
      ),
      ...tool_calls.map(({ id, function: { name, arguments: args } }) => [
        'call',
        id,
        name,
        JSON.parse(args),
      ]),
    ];
  });
}

function messages({ system, messages: list }) {
  const prompt = texts(system, ({ text }) => text);
  return [
    ...(prompt ? [['system', prompt]] : []),
    ...list.flatMap(({ role, content }) => {
      const blocks = typeof content === 'string' ? [{ type: 'text', text: content }] : content;
      return blocks.map((block) => {
        switch (block.type) {
          case 'text':
            return [role, block.text];
          case 'thinking':
            return ['thinking', block.thinking, block.signature];
          case 'redacted_thinking':
            return ['redacted', block.data];
          case 'tool_use':
            return ['call', block.id, block.name, block.input];
          case 'tool_result': {
            const parts = typeof block.content === 'string' ? [] : (block.content ?? []);
            const seen = parts.filter(({ type }) => type !== 'text').map(media);
            const text = texts(block.content, ({ text }) => text);
            return ['result', block.tool_use_id, text, ...seen.map((url) => ({ media: url }))];
          }
          default:
            return [role, { media: media(block) }];
        }
      });
    }),
  ];
}

function responses({ instructions, input }) {
  const isText = ({ type }) => /_text$/.test(type);
  const args = ({ arguments: json, input }) => (json === undefined ? { input } : JSON.parse(json));
  return [
    ...(instructions ? [['system', instructions]] : []),
    ...input.flatMap((item) => {
      const { type = 'message', role, content, call_id, output } = item;
      switch (type) {
        case 'message':
          if (typeof content === 'string') return [[role, content]];
          return content.map((part) => [
            role === 'developer' ? 'system' : role,
            isText(part) ? part.text : { media: media(part) },
          ]);
        case 'reasoning': {
          const [summary] = item.summary;
          if (!summary) return [['redacted', item.encrypted_content]];
          return [['thinking', summary.text, item.encrypted_content]];
        }
        case 'function_call':
        case 'custom_tool_call':
          return [['call', call_id, item.name, args(item)]];
        default: {
          const parts = typeof output === 'string' ? [{ type: 'input_text', text: output }] : output;
          const text = parts.filter(isText).map(({ text }) => text);
          const seen = parts.filter((part) => !isText(part)).map((part) => ({ media: media(part) }));
          return [['result', call_id, text.join(''), ...seen]];
        }
      }
    }),
  ];
}

const READERS = { chat, messages, responses };

/** The conversation in a provider's request. */
export const conversationOf = (format, body) => READERS[format](body);

/** The tools in it: name and schema. */
export const toolsOf = (format, { tools = [] }) =>
  tools.map((tool) => {
    if (format === 'chat') return [tool.function.name, tool.function.parameters];
    return [tool.name, format === 'messages' ? tool.input_schema : tool.parameters];
  });

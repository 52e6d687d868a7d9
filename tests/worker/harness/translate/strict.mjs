// Puts streams together again, and takes nothing that the strictest client would not take.

import assert from 'node:assert/strict';

/** Of Messages events: the message. */
export async function collectMessages(events) {
  let message;
  // Clients take calls that are mixed, as a Chat provider may send them; all else comes block by block.
  const open = new Map();
  let stopped = false;
  for await (const event of events) {
    assert.ok(!stopped, `${event.type} after message_stop`);
    if (event.type === 'ping') continue;
    assert.equal(event.type === 'message_start', message === undefined, 'message_start first and once');
    switch (event.type) {
      case 'message_start':
        message = structuredClone(event.message);
        assert.deepEqual([message.type, message.role, message.content], ['message', 'assistant', []]);
        assert.deepEqual([message.stop_reason, message.stop_sequence], [null, null]);
        assert.match(message.id, /^msg_/);
        assert.equal(typeof message.usage.input_tokens, 'number');
        assert.equal(typeof message.usage.output_tokens, 'number');
        break;
      case 'content_block_start':
        for (const index of open.keys())
          assert.deepEqual(
            [message.content[index].type, event.content_block.type],
            ['tool_use', 'tool_use'],
            'one block at a time, but for calls',
          );
        assert.equal(event.index, message.content.length, 'blocks are numbered without gaps');
        open.set(event.index, '');
        if (event.content_block.type === 'thinking') assert.equal(event.content_block.signature, '');
        if (event.content_block.type === 'tool_use') assert.deepEqual(event.content_block.input, {});
        message.content.push({ ...event.content_block });
        break;
      case 'content_block_delta': {
        assert.ok(open.has(event.index), 'deltas are of an open block');
        const block = message.content[event.index];
        const { type, ...delta } = event.delta;
        if (type === 'text_delta') block.text += delta.text;
        else if (type === 'thinking_delta') block.thinking += delta.thinking;
        else if (type === 'signature_delta') block.signature += delta.signature;
        else if (type === 'input_json_delta')
          open.set(event.index, open.get(event.index) + delta.partial_json);
        else assert.fail(`a delta of type ${type}`);
        break;
      }
      case 'content_block_stop': {
        assert.ok(open.has(event.index), 'a block is stopped once');
        const block = message.content[event.index];
        if (block.type === 'tool_use') block.input = JSON.parse(open.get(event.index) || '{}');
        open.delete(event.index);
        break;
      }
      case 'message_delta':
        assert.equal(open.size, 0, 'blocks are stopped before the end');
        assert.equal(message.stop_reason, null, 'one message_delta');
        Object.assign(message, event.delta);
        assert.equal(typeof event.usage.output_tokens, 'number');
        for (const [name, value] of Object.entries(event.usage))
          if (value !== null) message.usage[name] = value;
        break;
      case 'message_stop':
        assert.notEqual(message.stop_reason, null, 'a reason before the end');
        stopped = true;
        break;
      default:
        assert.fail(`an event of type ${event.type}`);
    }
  }
  assert.ok(stopped, 'message_stop');
  return message;
}

/** Of Chat chunks: the completion. */
export async function collectChat(chunks, { usage = true } = {}) {
  let first;
  let finish = null;
  let used = null;
  const message = { role: null, content: null, refusal: null };
  for await (const chunk of chunks) {
    const { id, created, model, object } = chunk;
    first ??= { id, created, model, object };
    assert.deepEqual({ id, created, model, object }, first, 'all chunks are of one completion');
    assert.equal(object, 'chat.completion.chunk');
    assert.match(id, /^chatcmpl-/);
    assert.equal(used, null, 'usage comes last');
    assert.equal('usage' in chunk, usage, 'usage if, and only if, it was asked for');
    if (chunk.choices.length === 0) {
      assert.notEqual(finish, null, 'usage comes after the end');
      used = chunk.usage;
      assert.notEqual(used, null);
      continue;
    }
    assert.equal(chunk.choices.length, 1);
    assert.equal(finish, null, 'nothing comes after the finish_reason but usage');
    const [{ index, delta, finish_reason }] = chunk.choices;
    assert.equal(index, 0);
    if (message.role === null) assert.equal(delta.role, 'assistant', 'the role first');
    const { tool_calls = [], ...rest } = delta;
    for (const [name, value] of Object.entries(rest)) {
      if (name === 'role') message.role = value;
      else if (Array.isArray(value)) message[name] = [...(message[name] ?? []), ...value];
      else if (value !== null) message[name] = (message[name] ?? '') + value;
    }
    for (const call of tool_calls) {
      message.tool_calls ??= [];
      const known = message.tool_calls[call.index];
      if (known) {
        assert.ok(!call.id || call.id === known.id, 'a call keeps its id');
        known.function.arguments += call.function.arguments ?? '';
      } else {
        assert.equal(call.index, message.tool_calls.length, 'calls are numbered without gaps');
        const { id, type, [type]: of } = call;
        assert.ok(id && ['function', 'custom'].includes(type) && of.name, 'a call begins whole');
        assert.equal(typeof (of.arguments ?? of.input), 'string');
        message.tool_calls.push({ id, type, [type]: { ...of } });
      }
    }
    finish = finish_reason ?? finish;
  }
  assert.notEqual(finish, null, 'a finish_reason');
  assert.equal(used !== null, usage, 'usage if, and only if, it was asked for');
  if (message.content === '') message.content = null;
  const choices = [{ index: 0, message, finish_reason: finish, logprobs: null }];
  return { ...first, object: 'chat.completion', choices, usage: used };
}

const PARTS = { output_text: 'text', refusal: 'refusal', summary_text: 'text' };
const DELTAS = {
  'response.output_text': 'text',
  'response.refusal': 'refusal',
  'response.reasoning_summary_text': 'text',
  'response.function_call_arguments': 'arguments',
  'response.custom_tool_call_input': 'input',
};

/** Of Responses events: the response at the end. */
export async function collectResponses(events) {
  const items = [];
  let number = 0;
  let ended;
  let open = null;
  const item = (event) => {
    assert.equal(event.output_index, open, `${event.type} is of the open item`);
    assert.equal(event.item_id ?? event.item.id, items[open].id, `${event.type} names its item`);
    return items[open];
  };
  const part = (event) => {
    const of = item(event);
    return 'summary_index' in event ? of.summary[event.summary_index] : of.content?.[event.content_index];
  };
  for await (const event of events) {
    assert.equal(ended, undefined, `${event.type} after the end`);
    assert.equal(event.sequence_number, number++, 'events are numbered');
    const { type } = event;
    const [, stem, ending] = /^(.*)\.(\w+)$/.exec(type);
    if (number <= 2) {
      assert.equal(type, ['response.created', 'response.in_progress'][number - 1]);
      assert.deepEqual([event.response.status, event.response.output], ['in_progress', []]);
    } else if (['response.completed', 'response.incomplete', 'response.failed'].includes(type)) {
      ended = event.response;
    } else if (type === 'response.output_item.added') {
      assert.equal(open, null, 'one item at a time');
      assert.equal(event.output_index, items.length, 'items are numbered without gaps');
      open = event.output_index;
      assert.ok(
        items.every(({ id }) => id !== event.item.id),
        'ids are unique',
      );
      assert.equal(event.item.status ?? 'in_progress', 'in_progress');
      items.push(structuredClone(event.item));
    } else if (type === 'response.output_item.done') {
      const { status, encrypted_content, ...whole } = event.item;
      const { status: _, encrypted_content: __, ...grown } = item(event);
      assert.deepEqual(whole, grown, 'an item is done as it grew');
      items[open] = event.item;
      open = null;
    } else if (stem.endsWith('_part')) {
      const list = 'summary_index' in event ? item(event).summary : item(event).content;
      const at = event.summary_index ?? event.content_index;
      if (ending === 'added') {
        assert.equal(at, list.length);
        list.push({ ...event.part });
        assert.equal(event.part[PARTS[event.part.type]], '');
      } else {
        const { annotations, ...done } = event.part;
        const { annotations: _, ...grown } = list[at];
        assert.deepEqual(done, grown, 'a part is done as it grew');
        if (annotations) list[at].annotations = annotations;
      }
    } else {
      const field = DELTAS[stem];
      assert.ok(field && ['delta', 'done'].includes(ending), `an event of type ${type}`);
      const grows = part(event) ?? item(event);
      if (ending === 'delta') grows[field] += event.delta;
      else assert.equal(event[field], grows[field], `${type} holds what came`);
    }
  }
  assert.ok(ended, 'an end');
  if (ended.status === 'completed') {
    assert.equal(open, null, 'items are done before the end');
    assert.deepEqual(ended.output, items, 'the end holds all items');
  }
  return ended;
}

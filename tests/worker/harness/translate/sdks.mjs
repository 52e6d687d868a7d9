// The official SDKs, all of one shape: `connect(url)` answers an API object, `modes` are the ways to ask it,
// `body` puts a request into the SDK's format, `heard` takes an answer out of it, and `user`, `answer` and
// `results` make what goes into the history.

import assert from 'node:assert/strict';
import { anthropics } from './sdk_anthropic.mjs';
import { chats, responders } from './sdk_openai.mjs';
import { hasPython, python } from './sdk_python.mjs';
import { PLAYS, resultOf } from './turns.mjs';

export const pythons = hasPython
  ? [
      python('anthropic (Python)', anthropics[0]),
      python('openai (Python)', chats[0]),
      python('openai Responses (Python)', responders[0]),
    ]
  : [];

export { anthropics, chats, responders };
export const sdks = [...anthropics, ...chats, ...responders, ...pythons];

/** What a client is to hear of a turn. */
export function expected(turn, { format, model, upstream, dialect }) {
  const chatRefusal = format !== 'messages' && turn.stop === 'refusal';
  return {
    model,
    text: turn.text?.join('') ?? '',
    thinking: turn.thinking?.join('') ?? '',
    calls: turn.calls ?? [],
    stop: turn.stop,
    ...(chatRefusal && { refusal: refusalOf(turn, upstream) }),
    usage: turn.usage,
  };
}

const refusalOf = (turn, upstream) =>
  upstream === 'messages' ? turn.explanation : 'The model declined to answer.';

/** Plays a conversation to its end, doing what the tools are called for. Answers all that was heard. */
export async function converse(client, mode, url, { play, model, wire = 'events', turns, ...request }) {
  const api = client.connect(url);
  let history = client.user(`play:${play}/${wire}`);
  const answers = [];
  for (const turn of PLAYS[play].slice(0, turns)) {
    const answer = await client.modes[mode](api, client.body({ model, history, ...request }));
    const heard = client.heard(answer);
    answers.push({ heard, turn, answer });
    const results = heard.calls.map((call) => ({ ...call, text: resultOf(call) }));
    const next = results.length ? client.results(results) : client.user('Go on.');
    history = [...history, ...client.answer(answer), ...next];
  }
  return { answers, history, api };
}

/** Asserts that a conversation was heard as it was played. */
export function assertHeard(answers, how) {
  for (const { heard, turn } of answers) assert.deepEqual(heard, expected(turn, how));
}

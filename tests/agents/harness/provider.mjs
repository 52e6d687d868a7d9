// A provider whose answers are scripted, and who refuses what the real one would refuse.
//
// A script is a list of steps, one for each request of the model, played in order. A step is a turn, a fault, or
// a function of what the request says (`Seen`) that gives one:
//
//   turn   {thinking: {text, signature}, text, calls: [{id, tool, input}], stop: 'length' | 'refusal', used};
//          `input` is an object, or the text of a tool that takes text; `id` is short, the format makes a whole one
//          of it; `used` are tokens
//   fault  {fault: 'rate_limit' | 'overloaded' | 'context' | 'max_tokens' | 'invalid', after: seconds} instead;
//          {fault: 'broken' | 'broken_overloaded' | 'cut', ...turn} after its thinking and text: an error, another,
//          the end of the connection
//
// A step that is wrong, a request that is, and one that the script does not know of are answered with 400 and
// kept in `problems`.

import assert from 'node:assert/strict';
import { startUpstream } from '../../worker/harness/upstream.mjs';
import * as chat from './chat.mjs';
import { checkChat } from './check_chat.mjs';
import { checkMessages, checkThinking } from './check_messages.mjs';
import { checkResponses } from './check_responses.mjs';
import * as messages from './messages.mjs';
import * as responses from './responses.mjs';

/** By a provider's `format` in the config. What an agent writes itself is right: agents know their format. */
const FORMATS = {
  openai: { ...chat, check: checkChat },
  claude: { ...messages, check: checkMessages },
  'openai-responses': { ...responses, check: checkResponses },
  'relayed claude': { ...messages, check: checkThinking },
  'own claude': { ...messages, check() {} },
  'own responses': { ...responses, check() {} },
};

/** What a request says: results by the short ids of their calls, thinking that came back, tools by name. */
export class Seen {
  constructor({ results, thoughts, tools, body }) {
    Object.assign(this, { results, thoughts, tools, body });
  }

  result(id) {
    const found = [...this.results].filter(([long]) => long.endsWith(`_${id}`));
    assert.equal(found.length, 1, `one result of call ${id}, not ${found.length}`);
    return found[0][1];
  }

  /** The provider's name of a tool: namespaces are in front of it. */
  tool(name) {
    const found = this.tools.filter((tool) => tool === name || tool.endsWith(`__${name}`));
    assert.equal(found.length, 1, `one tool ${name} in ${this.tools}`);
    return found[0];
  }
}

/** The script that providers of a scene play together, and what was wrong. */
export class Stage {
  #script = [];
  #at = 0;
  #problems = [];
  /** Ids of calls: clients keep those of all providers in a conversation. */
  ids = new Set();
  answers = 0;

  play(script) {
    this.#script = script;
    this.#at = 0;
  }

  /** What the next step says to a request. */
  next(seen) {
    const step = this.#script[this.#at++];
    assert.ok(step, 'the script has ended');
    return typeof step === 'function' ? step(seen) : step;
  }

  problem(message) {
    this.#problems.push(message);
  }

  /** The script was played to its end, and nothing was wrong. */
  finish(outcome) {
    assert.deepEqual(this.#problems, [], outcome);
    assert.equal(this.#at, this.#script.length, `steps of the script: ${outcome}`);
  }
}

/** `traits`: what its model takes, see the checks. */
export async function startProvider(t, stage, format, traits = {}) {
  const { check, ...speech } = FORMATS[format];
  const upstream = await startUpstream();
  t.after(() => upstream.close());
  const signatures = new Set();

  upstream.script((record) => {
    if (record.method !== 'POST') return { body: '' };
    if (!speech.isModel(record.path)) return { status: 404, body: speech.error('not found') };
    try {
      const body = record.json;
      check(body, { ...traits, given: { ids: stage.ids, signatures }, headers: record.headers });
      const seen = new Seen({ ...speech.read(body), body });
      const what = stage.next(seen);
      if (what.thinking) signatures.add(what.thinking.signature);
      return speech.fault(what, seen) ?? speech.answer(what, seen, stage);
    } catch (problem) {
      stage.problem(`${problem.message} (request ${upstream.requests.length})`);
      return { status: 400, body: speech.error(`checked: ${problem.message}`) };
    }
  });
  return {
    url: upstream.url,
    /** Everything sent to the model's endpoint, turned away or not. */
    requests: () => upstream.requests.filter(({ method, path }) => method === 'POST' && speech.isModel(path)),
  };
}

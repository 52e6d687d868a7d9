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
import { checkMessages } from './check_messages.mjs';
import * as messages from './messages.mjs';
import * as responses from './responses.mjs';

/** By a provider's `format` in the config. An agent's own provider is not checked: agents know their format. */
const FORMATS = {
  openai: { ...chat, check: checkChat },
  claude: { ...messages, check: checkMessages },
  'own-claude': { ...messages, check() {} },
  'own-responses': { ...responses, check() {} },
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

/** `traits`: what its model takes, see the checks. */
export async function startProvider(t, format, traits = {}) {
  const { check, ...speech } = FORMATS[format];
  const upstream = await startUpstream();
  t.after(() => upstream.close());
  const provider = {
    url: upstream.url,
    format,
    /** Requests of the model that were in the script, parsed. */
    asked: [],
    /** Everything sent to the model's endpoint, turned away or not. */
    requests: () => upstream.requests.filter(({ method, path }) => method === 'POST' && speech.isModel(path)),
    problems: [],
    script: [],
    /** Starts a script. */
    play(script) {
      provider.script = script;
      provider.asked.length = 0;
    },
    /** The script was played to its end, and nothing was wrong. */
    finish(outcome) {
      assert.deepEqual(provider.problems, [], outcome);
      assert.equal(provider.asked.length, provider.script.length, `steps of the script: ${outcome}`);
    },
  };
  const issued = { ids: new Set(), signatures: new Set(), answers: 0 };

  upstream.script((record) => {
    if (record.method !== 'POST') return { body: '' };
    if (!speech.isModel(record.path)) return { status: 404, body: speech.error('not found') };
    try {
      const body = record.json;
      check(body, { ...traits, issued, headers: record.headers });
      const seen = new Seen({ ...speech.read(body), body });
      const step = provider.script[provider.asked.push(body) - 1];
      assert.ok(step, 'the script has ended');
      const what = typeof step === 'function' ? step(seen) : step;
      return speech.fault(what, seen) ?? speech.answer(what, seen, issued);
    } catch (problem) {
      provider.problems.push(`${problem.message} (request ${upstream.requests.length})`);
      return { status: 400, body: speech.error(`checked: ${problem.message}`) };
    }
  });
  return provider;
}

// An agent in front of its own provider, or of the gateway in front of another; set up as the README says.

import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { until } from '../../worker/harness/client.mjs';
import { KEY, cap, config } from '../../worker/harness/configs.mjs';
import { ROOT } from '../../worker/harness/names.mjs';
import { gatewayFor } from '../../worker/harness/setup.mjs';
import { run, workplace } from './agent.mjs';
import { Stage, startProvider } from './provider.mjs';

const README_URL = 'http://127.0.0.1:8787';
const ALIAS = 'coder';
const CAP = 500;

/** The README's recipe, with another address and key: `{env, files}`. */
function recipe(agent, url) {
  const section = /## Coding agents\n(.*?)\n## /s.exec(readFileSync(join(ROOT, 'README.md'), 'utf8'))[1];
  const [claude, codex] = section.split('\nCodex, in ');
  const part = { claude, codex }[agent].replaceAll(README_URL, url).replaceAll('your-key', KEY);
  const block = (kind) => new RegExp(`\`\`\`${kind}\n(.*?)\`\`\``, 's').exec(part)?.[1];
  const lines = [...block('sh').matchAll(/^export (\w+)=(\S+)$/gm)];
  assert.ok(lines.length > 0 && part.includes(url), `the recipe of ${agent}`);
  const toml = block('toml');
  return {
    env: Object.fromEntries(lines.map(([, name, value]) => [name, value])),
    files: toml ? { '.codex/config.toml': toml } : {},
  };
}

/**
 * Variables of which users know nothing. Nothing but the model is asked for.
 */
const QUIET = {
  claude: { CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: '1' },
  codex: {},
};

const COMMAND = {
  claude: (prompt, model) => [
    ...['-p', prompt, '--output-format', 'json', '--allowedTools', 'Read,Edit,Bash,WebFetch'],
    ...(model ? ['--model', model] : []),
  ],
  codex: (prompt, model) => [
    ...['exec', '--json', '--skip-git-repo-check', '--dangerously-bypass-approvals-and-sandbox'],
    ...(model ? ['--model', model] : []),
    prompt,
  ],
};

/**
 * What its user sees at the end: `{code, text, failed, usage}`; the text is the answer or the error, the usage the
 * tokens of all requests.
 */
const OUTCOME = {
  claude({ code, stdout }) {
    const { result, is_error, usage } = JSON.parse(stdout);
    const { input_tokens: fresh, cache_read_input_tokens: cached, output_tokens: output } = usage;
    return { code, text: result, failed: is_error, usage: { input: fresh + cached, cached, output } };
  },
  codex({ code, stdout }) {
    const events = stdout
      .split('\n')
      .filter((line) => line.startsWith('{'))
      .map((line) => JSON.parse(line));
    const failure = events.findLast(({ type }) => type === 'turn.failed')?.error.message;
    const said = events.findLast(({ item }) => item?.type === 'agent_message')?.item.text;
    const usage = events.findLast(({ type }) => type === 'turn.completed')?.usage;
    return {
      code,
      text: failure ?? said,
      failed: failure !== undefined,
      usage: usage && {
        input: usage.input_tokens,
        cached: usage.cached_input_tokens,
        output: usage.output_tokens,
      },
    };
  },
};

/**
 * A scene: `play(script, options)` runs the agent once and answers what came of it, with `requests`, those that
 * the agent has sent to the model's endpoint.
 */
async function scene(agent, stage, url, counted) {
  const { env, files } = recipe(agent, url);
  return {
    async play(script, { prompt = 'Do it.', model, files: workFiles, args = [], env: others = {} } = {}) {
      const place = workplace(workFiles);
      for (const [name, text] of Object.entries(files)) {
        mkdirSync(dirname(join(place.home, name)), { recursive: true });
        writeFileSync(join(place.home, name), text);
      }
      stage.play(script);
      const before = await counted();
      const process = await run(agent, [...COMMAND[agent](prompt, model), ...args], {
        work: place.work,
        env: { ...place.env, ...env, ...QUIET[agent], ...others },
      });
      assert.notEqual(process.stdout, '', process.stderr);
      const outcome = OUTCOME[agent](process);
      stage.finish(JSON.stringify({ ...outcome, stderr: process.stderr }));
      return {
        ...outcome,
        requests: (await counted()) - before,
        output: process.stdout + process.stderr,
        file: (name) => readFileSync(join(place.work, name), 'utf8'),
      };
    },
  };
}

/** The agent and its own provider. */
export async function direct(t, agent) {
  const stage = new Stage();
  const provider = await startProvider(t, stage, { claude: 'own claude', codex: 'own responses' }[agent]);
  return scene(agent, stage, provider.url, () => provider.requests().length);
}

/**
 * The agent, the gateway, and providers `{format, model, traits}`, each with one model, which is checked to take
 * what `traits` say. They take turns under the name of the README, and under the `names` of the first. `upstream()`
 * is the number of requests that each has got.
 */
export async function through(t, agent, first, ...others) {
  const { names = [], vars = {} } = first;
  const stage = new Stage();
  const providers = [];
  for (const [at, { format, model, traits, maxOutputTokens }] of [first, ...others].entries()) {
    const provider = await startProvider(t, stage, format, { model, ...traits });
    const spoken = format.startsWith('openai') ? format : 'claude';
    const entry = {
      id: `upstream-${at}`,
      name: `Upstream ${at}`,
      baseUrl: spoken === 'claude' ? provider.url : `${provider.url}/v1`,
      format: spoken,
      apiKey: 'sk-upstream-secret',
      models: [{ id: model, maxOutputTokens }],
      rateLimits: [cap(CAP)],
      leases: { ttlMs: 500 },
    };
    providers.push({ ...provider, entry });
  }
  const entries = providers.map(({ entry }) => entry);
  const targets = entries.map(({ id, models }) => ({ ref: `${id}/${models[0].id}` }));
  const alias = { strategy: 'round-robin', targets };
  const modelAliases = Object.fromEntries([ALIAS, ...names].map((name) => [name, alias]));
  const gateway = await gatewayFor(t, { config: config(entries, { modelAliases }), vars });

  const whole = (text) => text.slice(0, text.lastIndexOf('\n') + 1);
  const calls = () =>
    `${whole(gateway.stdout())}${whole(gateway.stderr())}`
      .split('\n')
      .filter((line) => line.endsWith('}') && line.includes('"event":"request"'))
      .map((line) => JSON.parse(line))
      .filter(({ endpoint }) => endpoint === 'call');
  const upstream = () => providers.map((provider) => provider.requests().length);
  const counted = async () => {
    const seen = upstream();
    const all = seen.reduce((sum, each) => sum + each, 0);
    // A line is written for each request, in its own time: all are there when they tell of all attempts.
    const attempts = () => calls().reduce((sum, { attempts = [] }) => sum + attempts.length, 0);
    await until(() => attempts() === all, 'the log tells of every attempt');
    let used;
    const agrees = async () => {
      const ledgers = await Promise.all(entries.map(({ id }) => gateway.object(id, 'inspect')));
      used = ledgers.map(({ usage }) => usage.reduce((sum, each) => sum + each.used, 0));
      return isDeepStrictEqual(used, seen);
    };
    // What was on lease and not needed comes back.
    await until(agrees, 'the caps have counted what the providers got').catch(() => {});
    assert.deepEqual(used, seen, 'the caps have counted what the providers got');
    return calls().length;
  };
  return { ...(await scene(agent, stage, gateway.url, counted)), gateway, upstream };
}

/** What an agent's user sees, and what its provider is asked; without ids and addresses. */
const behaviour = ({ code, failed, text, usage, requests }) => ({
  code,
  failed,
  text: text.replaceAll(/\b(req|msg|resp)_\w+|127\.0\.0\.1:\d+/g, '…'),
  usage,
  requests,
});

/**
 * Plays the same with the agent's own provider and with another behind the gateway, and expects the same of it, but
 * for what `except` names. `script()` makes a script. Answers the outcome.
 */
export async function same(t, agent, provider, script, { except = [], ...options } = {}) {
  const own = await (await direct(t, agent)).play(script(), options);
  const ours = await (await through(t, agent, provider)).play(script(), options);
  const without = (outcome) => except.forEach((name) => delete outcome[name]) ?? outcome;
  assert.deepEqual(without(behaviour(ours)), without(behaviour(own)));
  return ours;
}

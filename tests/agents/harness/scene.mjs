// An agent in front of its own provider, or of the gateway in front of another; set up as the README says.

import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { until } from '../../worker/harness/client.mjs';
import { KEY, cap, config } from '../../worker/harness/configs.mjs';
import { ROOT } from '../../worker/harness/names.mjs';
import { gatewayFor } from '../../worker/harness/setup.mjs';
import { run, workplace } from './agent.mjs';
import { startProvider } from './provider.mjs';

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
async function scene(t, agent, provider, url, counted) {
  const { env, files } = recipe(agent, url);
  return {
    provider,
    async play(script, { prompt = 'Do it.', model, files: workFiles, args = [], env: others = {} } = {}) {
      const place = await workplace(t, workFiles);
      for (const [name, text] of Object.entries(files)) {
        mkdirSync(dirname(join(place.home, name)), { recursive: true });
        writeFileSync(join(place.home, name), text);
      }
      provider.play(script);
      const before = await counted();
      const process = await run(agent, [...COMMAND[agent](prompt, model), ...args], {
        ...place,
        more: { ...env, ...QUIET[agent], ...others },
      });
      assert.notEqual(process.stdout, '', process.stderr);
      const outcome = OUTCOME[agent](process);
      provider.finish(JSON.stringify({ ...outcome, stderr: process.stderr }));
      return {
        ...outcome,
        requests: (await counted()) - before,
        ms: process.ms,
        output: process.stdout + process.stderr,
        file: (name) => readFileSync(join(place.work, name), 'utf8'),
      };
    },
  };
}

/** The agent and its own provider. */
export async function direct(t, agent) {
  const provider = await startProvider(t, { claude: 'own-claude', codex: 'own-responses' }[agent]);
  return scene(t, agent, provider, provider.url, () => provider.requests().length);
}

/**
 * The agent, the gateway, and a provider of `format` with one `model`, which is checked to take what `traits`
 * say. It is there under the name of the README, and under `names`.
 */
export async function through(t, agent, { format, model, traits, names = [], vars = {}, ...rest }) {
  const provider = await startProvider(t, format, { model, ...traits });
  const target = { strategy: 'ordered', targets: [{ ref: `upstream/${model}` }] };
  const gateway = await gatewayFor(t, {
    config: config(
      [
        {
          id: 'upstream',
          name: 'Upstream',
          baseUrl: format === 'openai' ? `${provider.url}/v1` : provider.url,
          format,
          apiKey: 'sk-upstream-secret',
          models: [{ id: model, ...rest }],
          rateLimits: [cap(CAP)],
        },
      ],
      { modelAliases: Object.fromEntries([ALIAS, ...names].map((name) => [name, target])) },
    ),
    vars,
  });
  // A line is written for each request, in its own time: all are there when they tell of all attempts.
  const calls = () =>
    `${gateway.stdout()}\n${gateway.stderr()}`
      .split('\n')
      .filter((line) => line.endsWith('}') && line.includes('"event":"request"'))
      .map((line) => JSON.parse(line))
      .filter(({ endpoint }) => endpoint === 'call');
  const attempts = () => calls().reduce((sum, { attempts = [] }) => sum + attempts.length, 0);
  const counted = async () => {
    await until(() => attempts() === provider.requests().length, 'the log tells of every attempt');
    const { usage } = await gateway.object('upstream', 'inspect');
    const used = usage.reduce((sum, each) => sum + each.used, 0);
    assert.equal(used, provider.requests().length, 'the cap has counted what the provider got');
    return calls().length;
  };
  return { ...(await scene(t, agent, provider, gateway.url, counted)), gateway };
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

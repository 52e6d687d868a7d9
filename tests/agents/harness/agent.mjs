// The agents as processes: headless, with a home and a work directory of their own, and without a way out.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { temporaryDirectory } from '../../worker/harness/workerd.mjs';

const MODULES = new URL('../node_modules/', import.meta.url).pathname;
const LINUX = { x64: 'x86_64-unknown-linux-musl', arm64: 'aarch64-unknown-linux-musl' }[process.arch];
const CLAUDE = `${MODULES}@anthropic-ai/claude-code-linux-${process.arch}`;
export const BINARIES = {
  claude: `${existsSync(`${CLAUDE}-musl`) ? `${CLAUDE}-musl` : CLAUDE}/claude`,
  codex: `${MODULES}@openai/codex-linux-${process.arch}/vendor/${LINUX}/bin/codex`,
};
/** A port that nobody listens on: what an agent asks of the world fails at once. */
const NOWHERE = 'http://127.0.0.1:1';
const DEADLINE_MS = 240_000;

/** Why no agent can run here; nothing if they can. */
export const skip =
  process.platform === 'linux' && LINUX ? false : `no agents for ${process.platform} on ${process.arch}`;

const living = new Set();
process.on('exit', () => living.forEach(kill));

/** An agent leads a process group: what it has started ends with it. */
function kill({ pid }) {
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // It is gone.
  }
}

/** A work directory with `files`, a home, and an environment that leads nowhere. */
export function workplace(files = {}) {
  const dir = temporaryDirectory();
  const [home, work] = [join(dir, 'home'), join(dir, 'work')];
  for (const each of [home, work]) mkdirSync(each);
  for (const [name, content] of Object.entries(files)) writeFileSync(join(work, name), content);
  return {
    home,
    work,
    env: {
      HOME: home,
      PATH: '/usr/local/bin:/usr/bin:/bin',
      HTTP_PROXY: NOWHERE,
      HTTPS_PROXY: NOWHERE,
      NO_PROXY: '127.0.0.1',
    },
  };
}

/** Runs an agent to its end: `{code, stdout, stderr}`. */
export async function run(agent, args, { work, env }) {
  const child = spawn(BINARIES[agent], args, {
    cwd: work,
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  });
  living.add(child);
  const output = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'])
    child[name].setEncoding('utf8').on('data', (text) => (output[name] += text));
  const timer = setTimeout(() => kill(child), DEADLINE_MS);
  const [code, signal] = await once(child, 'close');
  clearTimeout(timer);
  kill(child);
  living.delete(child);
  return { code: signal ?? code, ...output };
}

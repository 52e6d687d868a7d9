// The agents as processes: headless, with a home and a work directory of their own, and without a way out.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const MODULES = new URL('../node_modules/', import.meta.url).pathname;
const LINUX = { x64: 'x86_64-unknown-linux-musl', arm64: 'aarch64-unknown-linux-musl' }[process.arch];
const CLAUDE = `${MODULES}@anthropic-ai/claude-code-linux-${process.arch}`;
export const BINARIES = {
  claude: `${existsSync(`${CLAUDE}-musl`) ? `${CLAUDE}-musl` : CLAUDE}/claude`,
  codex: `${MODULES}@openai/codex-linux-${process.arch}/vendor/${LINUX}/bin/codex`,
};
const DEADLINE_MS = 90_000;

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

/** A work directory with `files`, a home, and a proxy that lets nothing through. */
export async function workplace(t, files = {}) {
  const dir = mkdtempSync(join(tmpdir(), 'llm-router-agent-'));
  const [home, work] = [join(dir, 'home'), join(dir, 'work')];
  for (const each of [home, work]) mkdirSync(each);
  for (const [name, text] of Object.entries(files)) writeFileSync(join(work, name), text);
  const wall = createServer((socket) => socket.destroy());
  wall.listen(0, '127.0.0.1');
  await once(wall, 'listening');
  t.after(() => {
    wall.close();
    rmSync(dir, { recursive: true, force: true });
  });
  const proxy = `http://127.0.0.1:${wall.address().port}`;
  const env = {
    HOME: home,
    PATH: '/usr/local/bin:/usr/bin:/bin',
    HTTP_PROXY: proxy,
    HTTPS_PROXY: proxy,
    NO_PROXY: '127.0.0.1,localhost',
  };
  return { dir, home, work, env };
}

/** Runs an agent to its end: `{code, stdout, stderr, ms}`. */
export async function run(agent, args, { work, env, more = {} }) {
  const began = Date.now();
  const child = spawn(BINARIES[agent], args, {
    cwd: work,
    env: { ...env, ...more },
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
  return { code: signal ?? code, ms: Date.now() - began, ...output };
}

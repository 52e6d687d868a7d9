// `llm-router` as a process on a machine of its own, watched for secrets.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { text } from 'node:stream/consumers';
import { ROOT } from '../../worker/harness/names.mjs';
import { temporaryDirectory } from '../../worker/harness/workerd.mjs';
import { within } from '../../worker/harness/client.mjs';

const CLI = process.env.LLM_ROUTER_TEST_CLI ?? join(ROOT, 'target/release/llm-router');
const WATCH_MS = 5;

/**
 * A home directory with a config in it and an empty project beside, on which commands run. Everything that was
 * said, every command line, and every file is remembered or still there: `assertSecret` looks for secrets in it.
 */
export function newMachine({ api, config, files = {} }) {
  const home = temporaryDirectory();
  const project = join(home, 'project');
  for (const dir of [project, join(home, 'tmp')]) mkdirSync(dir);
  for (const [name, content] of Object.entries(files)) writeFileSync(join(project, name), content);
  const machine = {
    home,
    project,
    config: join(home, '.llm-router.json'),
    runs: [],
    commandLines: new Set(),
    /** Files as they were while commands ran, the config aside. */
    glimpses: new Map(),
    setConfig(value) {
      writeFileSync(machine.config, JSON.stringify(value), { mode: 0o600 });
    },
    /** Ends the command that runs, as a loss of power does. */
    kill() {},
    /** Remembers the command lines of a process and of what it started, and what files there are. */
    look(pid) {
      commandLines(pid, machine.commandLines);
      for (const file of filesBelow(home))
        if (file.path !== machine.config) machine.glimpses.set(`${file.path} ${file.content.length}`, file);
    },
    /** Runs `llm-router`; answers `{status, stdout, stderr, json}`. Nobody is there to answer questions. */
    async run(args, { env = {}, input = '' } = {}) {
      const child = spawn(CLI, args, {
        cwd: project,
        env: {
          PATH: process.env.PATH,
          HOME: home,
          TMPDIR: join(home, 'tmp'),
          RUST_BACKTRACE: '1',
          CLOUDFLARE_API_BASE_URL: api.url,
          CLOUDFLARE_API_TOKEN: api.token,
          ...env,
        },
      });
      machine.kill = () => child.kill('SIGKILL');
      child.stdin.on('error', () => {}); // it may not wait for input
      child.stdin.end(input);
      const watch = setInterval(() => machine.look(child.pid), WATCH_MS);
      const closed = Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')]);
      const [stdout, stderr, [status]] = await within(closed, `llm-router ${args[0]}`, 120_000).finally(
        () => {
          clearInterval(watch);
          child.kill('SIGKILL');
        },
      );
      const ended = {
        args,
        status,
        stdout,
        stderr,
        output: stdout + stderr,
        get json() {
          return JSON.parse(stdout);
        },
      };
      machine.runs.push(ended);
      return ended;
    },
    /**
     * Asserts that none of these was said, was in a command line, or ever in a file besides the config. `shown`
     * are secrets that may be in stdout.
     */
    assertSecret(secrets, { shown = [] } = {}) {
      assert.ok(secrets.every((secret) => secret.length >= 8));
      for (const { args, stdout, stderr } of machine.runs) {
        for (const secret of [...secrets, ...shown])
          assert.ok(!stderr.includes(secret), `a secret is in stderr of ${args[0]}:\n${stderr}`);
        for (const secret of secrets)
          assert.ok(!stdout.includes(secret), `a secret is in stdout of ${args[0]}:\n${stdout}`);
      }
      for (const line of machine.commandLines)
        for (const secret of [...secrets, ...shown])
          assert.ok(!line.includes(secret), `a secret is in argv: ${line}`);
      for (const { path, mode, content } of [...machine.glimpses.values(), ...filesBelow(home)]) {
        if (path === machine.config) continue;
        for (const secret of [...secrets, ...shown])
          assert.ok(
            !content.includes(secret),
            `a secret is in ${relative(home, path)} (${mode.toString(8)})`,
          );
      }
    },
  };
  machine.setConfig(config);
  return machine;
}

/** Adds the command lines of a process and of all that it started. */
function commandLines(pid, lines) {
  try {
    lines.add(readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' '));
    for (const task of readdirSync(`/proc/${pid}/task`)) {
      const children = readFileSync(`/proc/${pid}/task/${task}/children`, 'utf8');
      for (const child of children.split(' ').filter(Boolean)) commandLines(child, lines);
    }
  } catch {
    // It has ended since.
  }
}

/** Every file below a directory: `{path, mode, content}`. */
function filesBelow(dir) {
  return readdirSync(dir, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .flatMap((path) => {
      try {
        return [{ path, mode: statSync(path).mode & 0o777, content: readFileSync(path, 'latin1') }];
      } catch {
        return []; // it is gone since
      }
    });
}

// One `workerd serve` process: started, killed, measured, and never left behind.

import { spawn } from 'node:child_process';
import { openSync, readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import workerd from 'workerd';

const STARTUP_MS = 30_000;
const OUTPUT_KEPT = 256 * 1024;

const living = new Set();
process.on('exit', () => living.forEach((child) => child.kill('SIGKILL')));

/**
 * Starts workerd on a config file and waits until every socket named in `sockets` listens.
 * Answers `{pid, ports: {socket: port}, stdout(), stderr(), rssKb(), cpuMs(), kill(signal), exited}`. With `log`, a
 * path, its standard output goes there instead.
 */
export async function runWorkerd(configFile, { sockets, env = {}, log }) {
  const child = spawn(workerd.default, ['serve', '--control-fd=3', configFile], {
    env: { PATH: process.env.PATH, ...env },
    stdio: ['ignore', log === undefined ? 'pipe' : openSync(log, 'a'), 'pipe', 'pipe'],
  });
  living.add(child);

  const output = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr']) {
    child[name]?.setEncoding('utf8').on('data', (text) => {
      output[name] += text;
      if (output[name].length > 2 * OUTPUT_KEPT) output[name] = output[name].slice(-OUTPUT_KEPT);
    });
  }
  const exited = new Promise((resolve) => child.once('close', (code, signal) => resolve({ code, signal })));
  exited.then((how) => {
    living.delete(child);
    if (!child.killed) console.error(`workerd ended by itself: ${JSON.stringify(how)}\n${output.stderr}`);
  });

  const ports = {};
  const listening = new Promise((resolve) => {
    createInterface({ input: child.stdio[3] }).on('line', (line) => {
      const message = JSON.parse(line);
      if (message.event === 'listen') ports[message.socket] = message.port;
      if (sockets.every((name) => ports[name])) resolve('listening');
    });
  });
  let timer;
  const outcome = await Promise.race([
    listening,
    exited,
    new Promise((resolve) => (timer = setTimeout(resolve, STARTUP_MS, 'timeout'))),
  ]);
  clearTimeout(timer);
  if (outcome !== 'listening') {
    child.kill('SIGKILL');
    throw new Error(`workerd did not start: ${JSON.stringify(outcome)}\n${output.stderr}`);
  }

  return {
    pid: child.pid,
    ports,
    exited,
    stdout: () => output.stdout,
    stderr: () => output.stderr,
    rssKb: () => Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${child.pid}/status`, 'utf8'))[1]),
    /** Processor time so far, in the kernel's ticks of 10 ms. */
    cpuMs() {
      const fields = readFileSync(`/proc/${child.pid}/stat`, 'utf8').split(') ').at(-1).split(' ');
      return (Number(fields[11]) + Number(fields[12])) * 10;
    },
    async kill(signal = 'SIGKILL') {
      child.kill(signal);
      return exited;
    },
  };
}

// What the agents are told to do, step by step: read two files at once, edit one, run a command.

import assert from 'node:assert/strict';

export const FILES = {
  'rate.txt': 'rate=16\n',
  'total.sh': '. ./rate.txt\necho "total $((100 + rate)) €"\n',
};
export const THOUGHT = {
  text: 'Both files first: the rate, “16”, is in one of them… 🧮',
  signature: 'EqoB+sig/1==',
};
export const ANSWER = 'Done — the total is 119 € now. 🎉';

/** A dot, and an empty page. */
export const PNG = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8BQDwAEhQGAhKmMIQAAAABJRU5ErkJggg==',
  'base64',
);
export const PDF = Buffer.from(
  `%PDF-1.4
1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj
2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj
3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 9 9]>>endobj
trailer<</Root 1 0 R>>
%%EOF
`,
);

const PATCH = `*** Begin Patch
*** Update File: rate.txt
@@
-rate=16
+rate=19
*** End Patch
`;

/** Calls by what they are for; `read` is several. */
export const CALLS = {
  claude: {
    read: [
      { id: 'rate', tool: 'Read', input: { file_path: 'rate.txt' } },
      { id: 'total', tool: 'Read', input: { file_path: 'total.sh' } },
    ],
    edit: { id: 'edit', tool: 'Edit', input: { file_path: 'rate.txt', old_string: '16', new_string: '19' } },
    run: {
      id: 'run',
      tool: 'Bash',
      input: { command: 'sh total.sh | tee total.txt', description: 'Run it' },
    },
  },
  // It waits for 50 ms at most for the output of a command that has ended, so commands live on for longer.
  codex: {
    read: [
      { id: 'rate', tool: 'exec_command', input: { cmd: 'cat rate.txt; sleep 0.2' } },
      { id: 'total', tool: 'exec_command', input: { cmd: 'cat total.sh; sleep 0.2' } },
    ],
    edit: { id: 'edit', tool: 'exec_command', input: { cmd: `apply_patch <<'EOF'\n${PATCH}EOF\n` } },
    run: { id: 'run', tool: 'exec_command', input: { cmd: 'sh total.sh | tee total.txt; sleep 0.2' } },
  },
  // For the models that it knows, Codex has one tool, which takes JavaScript.
  'codex in code': {
    read: [
      { id: 'rate', tool: 'exec', input: 'text(await tools.exec_command({ cmd: "cat rate.txt; sleep 0.2" }));' },
      { id: 'total', tool: 'exec', input: 'text(await tools.exec_command({ cmd: "cat total.sh; sleep 0.2" }));' },
    ],
    edit: { id: 'edit', tool: 'exec', input: `text(await tools.apply_patch(${JSON.stringify(PATCH)}));` },
    run: {
      id: 'run',
      tool: 'exec',
      input: 'text((await tools.exec_command({ cmd: "sh total.sh | tee total.txt; sleep 0.2" })).output);',
    },
  },
};

/**
 * The steps; `between` them, after the first, come others, such as faults. With `thinks` the first one is
 * thought about, and the thought has to come back as long as the turn lasts.
 */
export function task(who, { thinks = true, between = [] } = {}) {
  const { read, edit, run } = CALLS[who];
  const thought = (seen) => thinks && assert.deepEqual(seen.thoughts[0], THOUGHT);
  return [
    { ...(thinks ? { thinking: THOUGHT } : {}), calls: read },
    ...between,
    (seen) => {
      assert.match(seen.result('rate'), /rate=16/);
      assert.match(seen.result('total'), /100 \+ rate/);
      thought(seen);
      return { text: 'Now the change — “16” becomes “19”.', calls: [edit] };
    },
    (seen) => {
      assert.doesNotMatch(seen.result('edit'), /error|fail/i);
      thought(seen);
      return { calls: [run] };
    },
    (seen) => {
      assert.match(seen.result('run'), /total 119 €/);
      thought(seen);
      return { text: ANSWER };
    },
  ];
}

export function assertDone(outcome) {
  assert.deepEqual([outcome.code, outcome.failed, outcome.text], [0, false, ANSWER], outcome.output);
  // Four requests, each of the same size.
  assert.deepEqual(outcome.usage, { input: 4 * 12_000, cached: 4 * 11_000, output: 4 * 40 });
  assert.equal(outcome.file('rate.txt'), 'rate=19\n');
  assert.equal(outcome.file('total.txt'), 'total 119 €\n');
}

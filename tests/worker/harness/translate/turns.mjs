// What models say in the tests of translation, in no format: each play is a list of turns, and a request that
// holds `play:NAME` gets the turn after as many as it has assistant turns in it.

export const SIGNATURE = 'EqoBCkgIARABGAIiQK3r+Zz/signature==';
export const REDACTED = 'EmwKAhgBEgy3va3pzix/redacted==';
export const THINKING = ['Let me ', 'think about ', 'wörds 🌍.'];
export const WORDS = ['Héllo', ', ', 'wörld', ' ', '🌍', '\n\n', '"quoted" \\ back'];
export const TEXT = WORDS.join('');

/** Tokens that are parts of each other nowhere: their sum is the total, except that output holds thinking. */
const USAGE = { input: 60, read: 30, written: 10, output: 20, thinking: 7 };
const turn = (rest) => ({ usage: USAGE, stop: 'end', ...rest });
const call = (id, name, args) => ({ id, name, args });

export const WEATHER = { city: 'Zürich 🏔', days: 3, detail: { wind: true, list: [1, 2.5, 'x"y\\z'] } };
export const done = (text = ['Done', '.']) => turn({ text });

export const PLAYS = {
  text: [turn({ text: WORDS }), done()],
  thinking: [
    turn({ thinking: THINKING, signature: SIGNATURE, text: WORDS }),
    turn({ thinking: ['More'], signature: SIGNATURE, text: ['Done', '.'] }),
  ],
  max: [turn({ text: WORDS, stop: 'max' })],
  refusal: [turn({ text: ['I ', 'cannot.'], stop: 'refusal', explanation: 'It is against the rules.' })],
  tool: [turn({ calls: [call('call_w1', 'get_weather', WEATHER)], stop: 'tools' }), done()],
  none: [turn({ text: ['Looking.'], calls: [call('call_n1', 'no_arguments', {})], stop: 'tools' }), done()],
  parallel: [
    turn({
      text: ['Both', '.'],
      calls: [
        call('call_p1', 'get_weather', WEATHER),
        call('call_p2', 'get_time', { zone: 'Europe/Zürich' }),
        call('call_p3', 'get_weather', { city: 'Bern', days: 1 }),
      ],
      stop: 'tools',
    }),
    turn({ calls: [call('call_p4', 'get_time', { zone: 'UTC' })], stop: 'tools' }),
    done(),
  ],
  think_tool: [
    turn({
      thinking: THINKING,
      signature: SIGNATURE,
      calls: [call('call_t1', 'get_weather', WEATHER), call('call_t2', 'get_time', { zone: 'UTC' })],
      stop: 'tools',
    }),
    done(),
  ],
  redacted: [
    turn({ redacted: REDACTED, calls: [call('call_r1', 'get_time', { zone: 'UTC' })], stop: 'tools' }),
    done(),
  ],
  long: [turn({ text: Array.from({ length: 800 }, (_, at) => `wörd ${at} of many, `.repeat(10)) })],
  json: [turn({ text: ['{"answer":', ' 42, "why": "', 'because"}'] })],
  patch: [
    turn({ calls: [call('call_c1', 'apply_patch', { input: '*** Begin "Patch"\n+ü\n' })], stop: 'tools' }),
    done(),
  ],
};

export const TOOLS = [
  {
    name: 'get_weather',
    description: 'The weather of a city',
    schema: {
      type: 'object',
      properties: { city: { type: 'string' }, days: { type: 'integer' }, detail: { type: 'object' } },
      required: ['city'],
    },
  },
  {
    name: 'get_time',
    description: 'The time in a zone',
    schema: { type: 'object', properties: { zone: { type: 'string' } }, required: ['zone'] },
  },
  { name: 'no_arguments', description: 'Nothing to tell it', schema: { type: 'object', properties: {} } },
];

/** What a tool answers to a call. */
export const resultOf = ({ name, args }) => `${name} says ${JSON.stringify(args)}`;

/** Items in a row that are the model's are one turn of it. */
function turnsOf(input) {
  if (typeof input === 'string') return 0;
  const own = ({ type, role }) => role === 'assistant' || /^reasoning$|_call$/.test(type);
  return input.filter((item, at) => own(item) && !(at > 0 && own(input[at - 1]))).length;
}

/** The turn that follows in a request, and how it is put on the wire. */
export function turnFor(body) {
  const text = JSON.stringify(body);
  const [, name = 'text', wire = 'events'] = /play:(\w+)(?:\/(\w+))?/.exec(text) ?? [];
  const said = body.messages?.filter(({ role }) => role === 'assistant').length ?? turnsOf(body.input);
  const turns = PLAYS[name];
  if (!turns) throw new Error(`no play ${name}`);
  return { turn: turns[Math.min(said, turns.length - 1)], wire };
}

/** Text in pieces of a few characters, as arguments are streamed. */
export const pieces = (text, length = 5) =>
  Array.from({ length: Math.ceil(text.length / length) }, (_, at) =>
    text.slice(at * length, (at + 1) * length),
  );

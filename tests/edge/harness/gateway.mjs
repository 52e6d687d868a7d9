// Configs of gateways to deploy, and clients of those that were.

import Anthropic from '@anthropic-ai/sdk';
import OpenAI from 'openai';
import { config, claudeProvider, openaiProvider } from '../../worker/harness/configs.mjs';
import { TEXT } from '../../worker/harness/replies.mjs';

/** Where providers are said to be; the edge sends all of it to one upstream. */
const far = { url: 'https://provider.example' };

export const PROVIDER_KEYS = ['sk-alpha-upstream-secret', 'sk-beta-upstream-secret'];

/** A config of two providers, one of each format. `alpha` and `more` are changes to the first and to the whole. */
export const gatewayConfig = ({ alpha = {}, ...more } = {}) =>
  config([openaiProvider(far, alpha), claudeProvider(far)], more);

const NAME_BYTES = 60;
const MODELS_MAX = 1000;

/** The same with so many more models that its JSON without spaces has exactly this many bytes. */
export function configOf(bytes) {
  const whole = gatewayConfig();
  const size = () => Buffer.byteLength(JSON.stringify(whole));
  const grow = (number, length) => {
    if (number % MODELS_MAX === 0)
      whole.providers.push(openaiProvider(far, { id: `more-${number}`, models: [] }));
    whole.providers.at(-1).models.push({ id: `model-${number}-`.padEnd(length, 'x') });
  };
  let count = 0;
  do grow(count++, NAME_BYTES);
  while (bytes - size() > 3 * NAME_BYTES);
  const { models } = whole.providers.at(-1);
  models.at(-1).id += 'x'.repeat(bytes - size());
  if (size() !== bytes) throw new Error(`no config has ${bytes} bytes`);
  return whole;
}

/** Completes a chat with OpenAI's SDK; answers the text, or the status of the error. */
export async function complete(url, key, model = 'alpha/gpt-a') {
  const client = new OpenAI({ apiKey: key, baseURL: `${url}/v1`, maxRetries: 0 });
  const body = { model, messages: [{ role: 'user', content: 'hi' }] };
  return client.chat.completions.create(body).then(
    (completion) => completion.choices[0].message.content,
    (error) => error.status ?? Promise.reject(error),
  );
}

/** Streams a message with Anthropic's SDK; answers the text, or the status of the error. */
export async function converse(url, key, model = 'beta/claude-b') {
  const client = new Anthropic({ apiKey: key, baseURL: url, maxRetries: 0 });
  const body = { model, max_tokens: 64, messages: [{ role: 'user', content: 'hi' }] };
  return client.messages
    .stream(body)
    .finalMessage()
    .then(
      (message) => message.content[0].text,
      (error) => error.status ?? Promise.reject(error),
    );
}

/** Whether the gateway at this address lets a key in, and works. */
export const opens = async (url, key) => (await complete(url, key)) === TEXT;

/** Ids of the models that a key gets to see, or the status. */
export async function models(url, key) {
  const response = await fetch(
    `${url}/v1/models`,
    key === undefined ? {} : { headers: { authorization: `Bearer ${key}` } },
  );
  if (!response.ok) return response.status;
  return (await response.json()).data.map(({ id }) => id);
}

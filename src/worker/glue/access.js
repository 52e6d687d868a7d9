// What only JavaScript can do for Cloudflare Access: fetch keys, verify signatures, and wait for what another
// request does.

import { collect, join } from "./body.js";

// The body of a 200, or `null`: late, too long, redirected, or anything else.
export async function fetchKeys(url, max, timeoutMs) {
  const abort = new AbortController();
  const timer = setTimeout(() => abort.abort(), timeoutMs);
  try {
    // Not from a cache: whoever asks for keys has seen one that the last answer did not have.
    const headers = { accept: "application/json", "cache-control": "no-cache" };
    const response = await fetch(url, { headers, redirect: "manual", signal: abort.signal });
    if (response.status === 200 && response.body !== null) return await readAll(response.body, max);
  } catch {
    // The caller knows what to do without.
  } finally {
    clearTimeout(timer);
    abort.abort(); // whatever has not been read
  }
  return null;
}

async function readAll(stream, max) {
  const read = { chunks: [], length: 0 };
  return (await collect(stream, max, read)) ? join(read) : null;
}

const RS256 = { name: "RSASSA-PKCS1-v1_5", hash: "SHA-256" };

// Imported keys, by their numbers. A team has two; more come with rotations, so now and then all are dropped.
const imported = new Map();
const IMPORTED_MAX = 32;

async function importKey(modulus, exponent) {
  const name = `${modulus}.${exponent}`;
  const known = imported.get(name);
  if (known !== undefined) return known;
  const jwk = { kty: "RSA", n: modulus, e: exponent, alg: "RS256", ext: true };
  const key = await crypto.subtle.importKey("jwk", jwk, RS256, false, ["verify"]);
  if (imported.size >= IMPORTED_MAX) imported.clear();
  imported.set(name, key);
  return key;
}

// Whether the holder of the key has signed `text`.
export async function verify(modulus, exponent, signature, text) {
  try {
    const key = await importKey(modulus, exponent);
    return await crypto.subtle.verify(RS256, key, signature, new TextEncoder().encode(text));
  } catch {
    return false;
  }
}

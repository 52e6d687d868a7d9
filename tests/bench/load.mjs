// A load generator that leaves the processor to what it measures: keep-alive sockets, precomputed requests.

import net from 'node:net';

const END_OF_CHUNKS = Buffer.from('\r\n0\r\n\r\n');

/** A POST request as bytes. */
export function requestBytes({ port, path, key, body }) {
  const payload = Buffer.from(JSON.stringify(body));
  const head = `POST ${path} HTTP/1.1\r\nhost: 127.0.0.1:${port}\r\nauthorization: Bearer ${key}\r\ncontent-type: application/json\r\ncontent-length: ${payload.length}\r\n\r\n`;
  return Buffer.concat([Buffer.from(head), payload]);
}

/** Keeps `concurrency` requests in flight for `ms`; answers `{count, rate, p50, first}`: requests, requests a
 * second, milliseconds until an answer was whole and until its first byte. */
export async function load({ port, request, concurrency, ms }) {
  const latencies = [];
  const firsts = [];
  const started = performance.now();
  const stop = started + ms;
  await Promise.all(Array.from({ length: concurrency }, () => connection(port, request, stop, latencies, firsts)));
  const seconds = (performance.now() - started) / 1000;
  const middle = (times) => times.sort((a, b) => a - b)[times.length >> 1];
  return { count: latencies.length, rate: latencies.length / seconds, p50: middle(latencies), first: middle(firsts) };
}

function connection(port, request, stop, latencies, firsts) {
  return new Promise((resolve, reject) => {
    const socket = net.connect({ port, host: '127.0.0.1', noDelay: true });
    let sent;
    let received = [];
    const next = () => {
      sent = performance.now();
      socket.write(request);
    };
    socket.on('connect', next).on('error', reject);
    socket.on('close', () => reject(new Error('the gateway closed a connection')));
    socket.on('data', (data) => {
      if (received.length === 0) firsts.push(performance.now() - sent);
      received.push(data);
      if (!isWhole(received)) return;
      if (received[0].latin1Slice(9, 12) !== '200')
        return reject(new Error(received[0].toString().slice(0, 600)));
      const now = performance.now();
      latencies.push(now - sent);
      received = [];
      if (now < stop) return next();
      socket.removeAllListeners('close').destroy();
      resolve();
    });
  });
}

/** Whether the buffers hold a whole response; its header fits the first one (both are true of these upstreams). */
function isWhole(received) {
  const head = received[0];
  const end = head.indexOf('\r\n\r\n');
  const length = /\r\ncontent-length: (\d+)/i.exec(head.latin1Slice(0, end));
  if (length) return received.reduce((sum, { length: n }) => sum + n, 0) >= end + 4 + Number(length[1]);
  const tail = received.length === 1 ? head : Buffer.concat(received.slice(-2));
  return tail.subarray(-END_OF_CHUNKS.length).equals(END_OF_CHUNKS);
}

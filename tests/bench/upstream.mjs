// A provider that costs as little as possible: precomputed bytes, no HTTP parser. Runs as a process of its own.

import net from 'node:net';
import { completion, completionChunks, message, messageEvents } from '../worker/harness/replies.mjs';

const EVENTS = 200;
const EVENTS_A_WRITE = 10;
/** The index of the first text among the events of a message. */
const WORD = 3;

const chat = { plain: plainWrite(completion('gpt-a')), stream: streamWrites(completionChunks('gpt-a'), 1) };
const messages = { plain: plainWrite(message('claude-b')), stream: streamWrites(messageEvents('claude-b'), WORD) };

function plainWrite(document) {
  const json = Buffer.from(JSON.stringify(document));
  return Buffer.concat([
    Buffer.from(`HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: ${json.length}\r\n\r\n`),
    json,
  ]);
}

/** The writes that make up one SSE response: chunked, ten events each; the event at `word` is there many times. */
function streamWrites(parts, word) {
  const many = Array(EVENTS - parts.length).fill(parts[word]);
  const events = [...parts.slice(0, word), ...many, ...parts.slice(word)];
  const writes = [
    Buffer.from('HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n'),
  ];
  for (let at = 0; at < events.length; at += EVENTS_A_WRITE) {
    const chunk = Buffer.from(events.slice(at, at + EVENTS_A_WRITE).join(''));
    writes.push(Buffer.concat([Buffer.from(`${chunk.length.toString(16)}\r\n`), chunk, Buffer.from('\r\n')]));
  }
  writes.push(Buffer.from('0\r\n\r\n'));
  return writes;
}

function writeStream(socket, stream, next = 0) {
  if (next === stream.length || socket.destroyed) return;
  socket.write(stream[next]);
  setImmediate(writeStream, socket, stream, next + 1);
}

const server = net.createServer({ noDelay: true }, (socket) => {
  let head = Buffer.alloc(0);
  let missing = 0; // bytes of the current body still to come
  let streamed = false;
  let replies = chat;
  socket.on('error', () => {});
  socket.on('data', (data) => {
    if (missing > 0) {
      missing -= data.length;
    } else {
      head = head.length ? Buffer.concat([head, data]) : data;
      const end = head.indexOf('\r\n\r\n');
      if (end < 0) return;
      const length = /\r\ncontent-length: (\d+)/i.exec(head.latin1Slice(0, end));
      if (!length) throw new Error('a request without content-length');
      replies = head.subarray(0, 60).includes('/messages ') ? messages : chat;
      streamed = head.includes('"stream":true', end);
      missing = Number(length[1]) - (head.length - end - 4);
      head = Buffer.alloc(0);
    }
    if (missing > 0) return;
    if (streamed) writeStream(socket, replies.stream);
    else socket.write(replies.plain);
  });
});
server.listen(0, '127.0.0.1', 1024, () => process.send({ port: server.address().port }));
process.on('disconnect', () => process.exit());

// npm `ws` and JSON.parse as client under test: node ws.js PORT SHAPE
const WebSocket = require('ws');

const [port] = process.argv.slice(2);
const table = new Map();
const target = '/public/stream?streams=s000usdt@bookTicker';
const socket = new WebSocket(`ws://127.0.0.1:${port}${target}`, { perMessageDeflate: false });
socket.on('message', (bytes) => {
  const { data } = JSON.parse(bytes);
  table.set(data.s, { bid: data.b, ask: data.a, id: data.u, event: data.E, received: Date.now() });
});
socket.on('close', () => process.exit(0));

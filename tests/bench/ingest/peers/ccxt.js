// ccxt's watchBidsAsks on Binance USD-M as client under test: node ccxt.js PORT SHAPE
const ccxt = require('ccxt');

const [port] = process.argv.slice(2);
const count = 150;
const endings = ['', 'A', 'BC', 'DEF', 'LONG', 'LONGER'];
const ids = [...Array(count).keys()].map((i) => `S${String(i).padStart(3, '0')}${endings[i % endings.length]}`);

/// Markets as its REST call would have brought them.
function markets(exchange) {
  return ids.map((base, i) =>
    exchange.safeMarketStructure({
      id: `${base}USDT`, lowercaseId: `${base}usdt`.toLowerCase(), numericId: i,
      symbol: `${base}/USDT:USDT`, base, quote: 'USDT', settle: 'USDT',
      baseId: base, quoteId: 'USDT', settleId: 'USDT',
      type: 'swap', spot: false, swap: true, future: false, contract: true, linear: true, inverse: false,
      active: true, contractSize: 1, precision: { amount: 0.001, price: 0.01 },
    }));
}

async function main() {
  const exchange = new ccxt.pro.binanceusdm({ newUpdates: true });
  const url = `ws://127.0.0.1:${port}/ws`;
  const addresses = exchange.urls.api.ws;
  for (const name of Object.keys(addresses)) {
    if (typeof addresses[name] === 'string') addresses[name] = url;
    else for (const inner of Object.keys(addresses[name])) addresses[name][inner] = url;
  }
  await exchange.loadHttpProxyAgent(); // it dials ws:// only with the agents loaded
  exchange.setMarkets(markets(exchange));
  const symbols = ids.map((base) => `${base}/USDT:USDT`);
  for (;;) await exchange.watchBidsAsks(symbols);
}

main().catch((failure) => {
  console.error(failure);
  process.exit(1);
});

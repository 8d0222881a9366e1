// A published client as its users run it, pointed at `feedwatch simulate`.
// usage: node client.js CLIENT CHANNEL PORT SYMBOL…     symbols as the venue writes them
// Prints one JSON object a message: symbol, and of last, mark, index, bid, ask what the client says.
// Needs its packages in NODE_PATH.
const [name, channel, port, ...symbols] = process.argv.slice(2);
const base = `ws://127.0.0.1:${port}`;

const say = (message) => process.stdout.write(`${JSON.stringify(message)}\n`);
// What a client leaves unhandled would end Node; the scoreboard wants to see what it does next.
process.on('unhandledRejection', (reason) => console.error('unhandled rejection:', String(reason)));

// --- ccxt ---------------------------------------------------------------------------------------

/// Base and quote of BTCUSDT, BTC-USDT, BTC/USD.
function assets(id) {
  const parts = id.split(/[-/]/);
  return parts.length > 1 ? parts : id.match(/^(.*)(USDT|USDC|USD)$/).slice(1);
}

/// Markets as its REST call would have brought them.
function markets(exchange, swap) {
  return symbols.map((id) => {
    const [coin, quote] = assets(id);
    return exchange.safeMarketStructure({
      id, lowercaseId: id.toLowerCase(), symbol: swap ? `${coin}/${quote}:${quote}` : `${coin}/${quote}`,
      base: coin, quote, baseId: coin, quoteId: quote, settle: swap ? quote : undefined,
      type: swap ? 'swap' : 'spot', spot: !swap, swap, future: false, option: false, contract: swap,
      linear: swap ? true : undefined, inverse: swap ? false : undefined, active: true, contractSize: swap ? 1 : undefined,
      info: { symbol: id, wsname: id }, precision: { amount: 1e-8, price: 1e-8 },
    });
  });
}

/// Every address in `addresses` on this machine, its path kept.
function redirect(addresses) {
  for (const [key, value] of Object.entries(addresses)) {
    if (typeof value === 'string') addresses[key] = value.replace(/^wss:\/\/[^/]+/, base);
    else redirect(value);
  }
}

const watched = {
  trades: ['watchTradesForSymbols', (trade) => ({ symbol: trade.symbol, last: trade.price })],
  tickers: ['watchTickers', (t) => ({ symbol: t.symbol, last: t.last, mark: t.markPrice, index: t.indexPrice })],
  quotes: ['watchBidsAsks', (t) => ({ symbol: t.symbol, bid: t.bid, ask: t.ask })],
  // A call a symbol: of messages that come at once, the calls for many symbols return the first.
  ticker: ['watchTicker', (t) => ({ symbol: t.symbol, last: t.last })],
  mark: ['watchMarkPrice', (t) => ({ symbol: t.symbol, mark: t.markPrice })],
};
const perSymbol = ['ticker', 'mark'];

async function ccxt(id, { swap = false, options = {} } = {}) {
  const library = require('ccxt');
  const exchange = new library.pro[id]({ newUpdates: true, options });
  redirect(exchange.urls.api.ws instanceof Object ? exchange.urls.api.ws : exchange.urls.api);
  await exchange.loadHttpProxyAgent(); // it dials ws:// only with the agents loaded
  exchange.setMarkets(markets(exchange, swap));
  const [method, view] = watched[channel];
  const tell = (entry) => {
    const message = view(entry);
    say({ ...message, symbol: exchange.market(message.symbol).id });
  };
  const loop = async (what) => {
    for (;;) {
      try {
        const got = await exchange[method](what);
        if (Array.isArray(got)) got.forEach(tell);
        else if (got.symbol) tell(got);
        else Object.values(got).forEach(tell);
      } catch (failure) {
        console.error(failure.constructor.name, failure.message);
        if (failure instanceof library.NotSupported) throw failure;
        await new Promise((done) => setTimeout(done, 50)); // ccxt's own examples call again at once
      }
    }
  };
  return perSymbol.includes(channel) ? Promise.all(exchange.symbols.map(loop)) : loop(exchange.symbols);
}

// --- the others ---------------------------------------------------------------------------------

const quiet = { trace() {}, debug() {}, info() {}, notice() {}, warning() {}, error: (...text) => console.error(text[0]) };

function binance(key, path, topics) {
  const { WebsocketClient } = require('binance');
  const client = new WebsocketClient({}, quiet);
  client.getWsUrl = async () => base + path;
  client.on('exception', (failure) => console.error('exception:', failure?.message ?? failure));
  client.on('message', (message) => {
    const data = message.data ?? message; // depends on the address: combined or raw streams
    if (!data.s) return;
    if (data.e === 'aggTrade') say({ symbol: data.s, last: data.p });
    else if (data.e === 'markPriceUpdate') say({ symbol: data.s, mark: data.p, index: data.i });
    else say({ symbol: data.s, bid: data.b, ask: data.a });
  });
  return client.subscribe(symbols.flatMap((symbol) => topics.map((topic) => `${symbol.toLowerCase()}@${topic}`)), key);
}

function bybit(category, topic) {
  const { WebsocketClient } = require('bybit-api');
  const client = new WebsocketClient({ market: 'v5' }, quiet);
  client.getWsUrl = async () => `${base}/v5/public/${category}`;
  client.on('exception', (failure) => console.error('exception:', failure?.message ?? failure));
  client.on('update', ({ topic: of, data }) => {
    if (of.startsWith('tickers')) {
      say({ symbol: data.symbol, last: data.lastPrice, mark: data.markPrice, index: data.indexPrice });
    } else say({ symbol: data.s, bid: data.b[0]?.[0], ask: data.a[0]?.[0] });
  });
  return client.subscribeV5(symbols.map((symbol) => `${topic}.${symbol}`), category);
}

async function tardis(exchange, path, channelName) {
  process.env[`WSS_URL_${exchange.toUpperCase().replace(/-/g, '_')}`] = base + path;
  const { stream } = require('tardis-dev');
  const filters = [{ channel: channelName, symbols: symbols.map((symbol) => symbol.toLowerCase()) }];
  for await (const { message } of stream({ exchange, filters })) {
    const data = message.data;
    if (data?.e === 'aggTrade') say({ symbol: data.s, last: data.p });
    else if (data?.s) say({ symbol: data.s, bid: data.b, ask: data.a });
  }
}

function ccxws() {
  const { BinanceClient } = require('ccxws');
  const client = new BinanceClient({ wssPath: `${base}/stream` });
  client.on('error', (failure) => console.error('error:', failure.message));
  client.on('trade', (trade, market) => say({ symbol: market.id, last: trade.price }));
  for (const id of symbols) {
    const [coin, quote] = assets(id);
    client.subscribeTrades({ id, base: coin, quote });
  }
}

const binanceTopics = { trades: ['aggTrade'], quotes: ['bookTicker'], marks: ['markPrice@1s'] }[channel];
const bybitTopic = { tickers: 'tickers', quotes: 'orderbook.1' }[channel];
const aggregated = { watchTrades: { name: 'aggTrade' }, watchTradesForSymbols: { name: 'aggTrade' } };

const clients = {
  'ccxt binance': () => ccxt('binance', { options: aggregated }),
  'ccxt binanceusdm': () => ccxt('binanceusdm', { swap: true, options: aggregated }),
  'ccxt bybit linear': () => ccxt('bybit', { swap: true, options: { defaultType: 'swap' } }),
  'ccxt bybit spot': () => ccxt('bybit', { options: { defaultType: 'spot' } }),
  'ccxt okx': () => ccxt('okx'),
  'ccxt kraken': () => ccxt('kraken'),
  'ccxt coinbase': () => ccxt('coinbase'),
  'ccxt coinbaseexchange': () => ccxt('coinbaseexchange'),
  binance: () => binance('main', '/stream', binanceTopics),
  'binance usdm': () => binance(channel === 'quotes' ? 'usdmPublic' : 'usdmMarket',
    channel === 'quotes' ? '/public/stream' : '/market/stream', binanceTopics),
  'bybit-api linear': () => bybit('linear', bybitTopic),
  'bybit-api spot': () => bybit('spot', bybitTopic),
  'tardis-dev': () => tardis('binance', '/stream', channel === 'trades' ? 'aggTrade' : 'bookTicker'),
  ccxws: () => ccxws(),
};

Promise.resolve().then(() => clients[name]()).catch((failure) => {
  console.error('failed:', failure?.stack ?? failure);
  process.exit(1);
});

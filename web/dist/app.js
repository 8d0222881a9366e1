'use strict';
// Asks the API once a second and counts ages up in between, also when no answer comes any more.
// Text from outside (symbols, the venue's words) only ever becomes textContent.

const refreshMs = 1000;
const answerMs = 5000;         // a monitor that takes longer has not answered
const patience = 3;            // missed answers before the page says so
const worstFirst = { stale: 0, unknown: 1, degraded: 2, healthy: 3 };
const $ = (id) => document.getElementById(id);
let streams = [];
let fetchedAt = 0;
let serverNow = 0;
let missed = 0;

function age(seconds) {
  if (seconds === null || seconds === undefined) return 'never';
  if (seconds < 10) return seconds.toFixed(1) + ' s';
  if (seconds < 120) return seconds.toFixed(0) + ' s';
  if (seconds < 7200) return (seconds / 60).toFixed(0) + ' min';
  return (seconds / 3600).toFixed(1) + ' h';
}

function put(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

// Rows are kept by their key and cells only touched when they change, so that a selection survives.
const kept = new Map();
function fill(id, items, keyOf, cellsOf) {
  const body = $(id).tBodies[0];
  if (!kept.has(id)) kept.set(id, new Map());
  const old = kept.get(id);
  const rows = new Map();
  items.forEach((item, index) => {
    const key = keyOf(item);
    const row = old.get(key) || document.createElement('tr');
    rows.set(key, row);
    if (body.rows[index] !== row) body.insertBefore(row, body.rows[index] || null);
    cellsOf(item).forEach((cell, column) => {
      const td = row.cells[column] || row.insertCell();
      td.className = cell.class || '';
      if (cell.age !== undefined) {
        td.dataset.age = cell.age === null ? '' : cell.age;
      } else if (cell.bar !== undefined) {
        drawBar(td, cell);
      } else {
        put(td, String(cell.text));
      }
    });
    row.className = item.fault ? 'fault' : '';
  });
  for (const [key, row] of old) if (!rows.has(key)) row.remove();
  kept.set(id, rows);
  $(id).parentElement.hidden = items.length === 0;
}

// The age against the stale limit, with the degraded limit marked by colour.
function drawBar(td, cell) {
  let bar = td.firstElementChild;
  if (!bar) {
    bar = document.createElement('progress');
    bar.setAttribute('aria-label', 'age against the stale limit');
    td.append(bar);
  }
  bar.max = cell.limit;
  bar.dataset.bar = cell.bar === null ? '' : cell.bar;
  bar.dataset.degraded = cell.degraded;
  td.title = 'degraded after ' + age(cell.degraded) + ', stale after ' + age(cell.limit);
}

function price(stream) {
  if (stream.kind === 'quote') return stream.bid === null ? '–' : stream.bid + ' / ' + stream.ask;
  return stream.price === null ? '–' : stream.price;
}

function note(stream) {
  const notes = [];
  if (stream.suspect_since && stream.level !== 'stale') notes.push('suspect');
  if (stream.quarantined && stream.reason !== 'quarantined') notes.push('quarantined');
  if (stream.retired) notes.push('retired');
  if (stream.repair_exhausted) notes.push('repair exhausted');
  if (stream.detail) notes.push(stream.detail);
  return notes.join(' · ');
}

function drawStreams() {
  const wanted = $('filter').value.trim().toLowerCase().split(/\s+/).filter(Boolean);
  const shown = streams.filter((s) => wanted.every(
    (word) => (s.stream + ' ' + s.level + ' ' + s.reason).toLowerCase().includes(word)));
  shown.sort((a, b) => worstFirst[a.level] - worstFirst[b.level] ||
    (b.suspect_since !== null) - (a.suspect_since !== null) || (a.stream < b.stream ? -1 : 1));
  fill('streams', shown, (s) => s.stream, (s) => [
    { text: s.stream, class: 'name' },
    { text: s.level, class: 'level ' + s.level },
    { text: s.reason === 'ok' ? '' : s.reason },
    { age: s.age_seconds, class: 'number' },
    { bar: s.age_seconds, limit: s.thresholds.stale_after_seconds,
      degraded: s.thresholds.degraded_after_seconds, class: 'bar' },
    { text: price(s), class: 'number' },
    { text: s.line, class: 'faint minor' },
    { text: note(s), class: (s.suspect_since ? 'suspect' : 'faint') + ' wide minor' }]);
  $('no-streams').hidden = streams.length > 0;
  $('none-shown').hidden = streams.length === 0 || shown.length > 0;
  countUp();
}

function countUp() {
  const passed = (performance.now() - fetchedAt) / 1000;
  for (const td of document.querySelectorAll('td[data-age]')) {
    put(td, td.dataset.age === '' ? 'never' : age(Number(td.dataset.age) + passed));
  }
  for (const bar of document.querySelectorAll('progress[data-bar]')) {
    const seconds = bar.dataset.bar === '' ? bar.max : Number(bar.dataset.bar) + passed;
    bar.value = Math.min(seconds, bar.max);
    bar.className = seconds > bar.max || bar.dataset.bar === '' ? 'stale'
      : seconds > Number(bar.dataset.degraded) ? 'degraded' : 'healthy';
  }
}

function drawTotals() {
  const list = $('totals');
  for (const level of ['healthy', 'degraded', 'stale', 'unknown']) {
    const id = 'total-' + level;
    if (!$(id)) {
      const item = document.createElement('li');
      item.id = id;
      list.append(item);
    }
    const count = streams.filter((s) => s.level === level).length;
    put($(id), count + ' ' + level);
    $(id).className = count > 0 ? level : 'faint';
  }
  put($('stream-count'), String(streams.length));
}

function drawLines(lines) {
  put($('line-count'), String(lines.length));
  $('no-lines').hidden = lines.length > 0;
  fill('lines', lines, (line) => line.line, (line) => {
    const ping = line.ping_round_trip_seconds;
    return [
      { text: line.line, class: 'name' },
      { text: line.state, class: 'level ' + line.state },
      { text: line.frames_per_second.toFixed(1), class: 'number' },
      { age: line.last_frame_age_seconds, class: 'number' },
      { text: ping === null ? '–' : (ping * 1000).toFixed(1) + ' ms', class: 'number minor' },
      { text: line.dials, class: 'number minor' },
      { text: line.state === 'live' ? '' : line.detail || line.reason, class: 'faint wide' }];
  });
}

function drawAlerts(open) {
  put($('alert-count'), String(open.length));
  $('no-alerts').hidden = open.length > 0;
  const rank = (alert) => (alert.severity === 'critical' ? 0 : 1);
  open.sort((a, b) => rank(a) - rank(b) || Date.parse(a.started_at) - Date.parse(b.started_at));
  fill('alerts', open, (alert) => alert.id, (alert) => [
    { text: alert.severity, class: 'level ' + alert.severity },
    { text: alert.name, class: 'name' },
    { text: alert.message, class: 'wide' },
    { age: Math.max(0, (serverNow - Date.parse(alert.started_at)) / 1000), class: 'number' }]);
}

function drawHealth(health) {
  put($('health'), health.state);
  $('health').className = 'badge ' + health.state;
  document.title = health.state + ' – feedwatch';
  const parts = Object.values(health.checks).map((list) => list[0]);
  fill('parts', parts, (part) => part.componentId, (part) => [
    { text: part.componentId, class: 'name' },
    { text: part.state, class: 'level ' + part.state },
    { text: part.output || '', class: 'faint wide' }]);
}

async function ask(path) {
  const answer = await fetch(path, { cache: 'no-store', signal: AbortSignal.timeout(answerMs) });
  // An unhealthy monitor answers /health with 503, and with all there is to say.
  if (!answer.ok && path !== '/health') throw new Error(path + ': ' + answer.status);
  serverNow = Date.parse(answer.headers.get('date')) || Date.now();
  return answer.json();
}

function drawConnection() {
  const lost = missed >= patience;
  $('connection').hidden = !lost;
  put($('updated'), lost ? '' : 'as of ' + new Date(serverNow).toISOString().slice(11, 19) + ' UTC');
  if (!lost) return;
  put($('connection'), 'No answer from the monitor: what you see is old. Ages go on counting.');
  put($('health'), 'unknown');
  $('health').className = 'badge unknown';
  document.title = 'no answer – feedwatch';
}

async function refresh() {
  try {
    const [health, all, lines, alerts] = await Promise.all([
      ask('/health'), ask('/v1/streams?limit=10000'), ask('/v1/lines?limit=10000'),
      ask('/v1/alerts?open=true')]);
    fetchedAt = performance.now();
    missed = 0;
    streams = all.streams;
    drawHealth(health);
    drawTotals();
    drawAlerts(alerts.alerts);
    drawLines(lines.lines);
    drawStreams();
  } catch (error) {
    missed += 1;
  }
  drawConnection();
  setTimeout(refresh, refreshMs);
}

$('filter').addEventListener('input', drawStreams);
setInterval(countUp, 100);
refresh();

'use strict';
// Asks the API once a second and counts ages up in between. Text from outside (symbols, the venue's
// words) only ever becomes textContent.

const refreshMs = 1000;
const patience = 3;            // missed answers before the page says so
const severity = { stale: 0, unknown: 1, degraded: 2, healthy: 3 };
const $ = (id) => document.getElementById(id);
let streams = [];
let fetchedAt = 0;
let missed = 0;

function age(seconds) {
  if (seconds === null || seconds === undefined) return 'never';
  if (seconds < 10) return seconds.toFixed(1) + ' s';
  if (seconds < 120) return seconds.toFixed(0) + ' s';
  if (seconds < 7200) return (seconds / 60).toFixed(0) + ' min';
  return (seconds / 3600).toFixed(1) + ' h';
}

function cell(row, text, className) {
  const td = row.insertCell();
  td.textContent = text;
  if (className) td.className = className;
  return td;
}

function fill(id, items, render) {
  const table = $(id);
  const body = document.createElement('tbody');
  for (const item of items) render(body.insertRow(), item);
  table.replaceChild(body, table.tBodies[0]);
  table.hidden = items.length === 0;
}

function price(stream) {
  if (stream.kind === 'quote') return stream.bid === null ? '–' : stream.bid + ' / ' + stream.ask;
  return stream.price === null ? '–' : stream.price;
}

function note(stream) {
  const notes = [];
  if (stream.suspect_since && stream.level !== 'stale') notes.push('suspect');
  if (stream.quarantined) notes.push('quarantined');
  if (stream.repair_exhausted) notes.push('repair exhausted');
  if (stream.detail) notes.push(stream.detail);
  return notes.join(' · ');
}

function drawStreams() {
  const wanted = $('filter').value.trim().toLowerCase().split(/\s+/).filter(Boolean);
  const shown = streams.filter((s) => wanted.every(
    (word) => (s.stream + ' ' + s.level + ' ' + s.reason).toLowerCase().includes(word)));
  shown.sort((a, b) => severity[a.level] - severity[b.level] || (a.stream < b.stream ? -1 : 1));
  fill('streams', shown, (row, s) => {
    if (s.fault) row.className = 'fault';
    cell(row, s.stream);
    cell(row, s.level, 'level ' + s.level);
    cell(row, s.reason === 'ok' ? '' : s.reason);
    const ageCell = cell(row, '', 'number');
    ageCell.dataset.age = s.age_seconds === null ? '' : s.age_seconds;
    cell(row, price(s), 'number');
    const limits = s.thresholds;
    cell(row, age(limits.degraded_after_seconds) + ' / ' + age(limits.stale_after_seconds), 'note');
    cell(row, s.line, 'note');
    cell(row, note(s), s.suspect_since ? 'suspect' : 'note');
  });
  countUp();
}

function countUp() {
  const passed = (performance.now() - fetchedAt) / 1000;
  for (const td of document.querySelectorAll('td[data-age]')) {
    td.textContent = td.dataset.age === '' ? 'never' : age(Number(td.dataset.age) + passed);
  }
}

function drawTotals() {
  const list = $('totals');
  list.replaceChildren();
  for (const level of ['healthy', 'degraded', 'stale', 'unknown']) {
    const item = document.createElement('li');
    item.className = level;
    item.textContent = streams.filter((s) => s.level === level).length + ' ' + level;
    list.append(item);
  }
  $('stream-count').textContent = streams.length;
  $('no-streams').hidden = streams.length > 0;
}

function drawLines(lines) {
  $('line-count').textContent = lines.length;
  fill('lines', lines, (row, line) => {
    cell(row, line.line);
    cell(row, line.state, 'level ' + line.state);
    cell(row, line.frames_per_second.toFixed(1), 'number');
    const last = cell(row, '', 'number');
    last.dataset.age = line.last_frame_age_seconds === null ? '' : line.last_frame_age_seconds;
    const ping = line.ping_round_trip_seconds;
    cell(row, ping === null ? '–' : (ping * 1000).toFixed(1) + ' ms', 'number');
    cell(row, line.dials, 'number');
    cell(row, line.detail, 'note');
  });
}

function drawAlerts(alerts) {
  const open = alerts.filter((alert) => alert.open);
  $('alert-count').textContent = open.length;
  $('no-alerts').hidden = open.length > 0;
  fill('alerts', open, (row, alert) => {
    cell(row, alert.severity, 'level ' + alert.severity);
    cell(row, alert.identity);
    cell(row, alert.message);
    const since = cell(row, '', 'number');
    since.dataset.age = (Date.now() - Date.parse(alert.started_at)) / 1000;
  });
}

async function ask(path) {
  const answer = await fetch(path, { cache: 'no-store' });
  return answer.json();
}

async function refresh() {
  try {
    const [health, all, lines, alerts] = await Promise.all([
      ask('/health'), ask('/v1/streams?limit=10000'), ask('/v1/lines'), ask('/v1/alerts?open=true')]);
    fetchedAt = performance.now();
    missed = 0;
    streams = all.streams;
    $('health').textContent = health.state;
    $('health').className = 'badge ' + health.state;
    document.title = 'feedwatch: ' + health.state;
    drawTotals();
    drawAlerts(alerts.alerts);
    drawLines(lines.lines);
    drawStreams();
  } catch (error) {
    missed += 1;
  }
  const lost = missed >= patience;
  $('connection').hidden = !lost;
  if (lost) {
    $('connection').textContent = 'no answer from the monitor: what you see is old';
    $('health').textContent = 'unknown';
    $('health').className = 'badge unknown';
  }
  setTimeout(refresh, refreshMs);
}

$('filter').addEventListener('input', drawStreams);
setInterval(countUp, 100);
refresh();

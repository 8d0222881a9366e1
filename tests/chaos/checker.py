"""What has to hold after a storm of alerts, from the database and the receiver's log alone.

* Every alert has one firing and one resolved transition, in this order; no two of one identity overlap.
* Every change of an alert that is to be told has its notification, every notification came to an end, a
  delivered one was accepted by the receiver at least once, and none was given up.
* What the receiver accepted twice under one key is the same, byte for byte, and so are whole messages.
* The receiver was told of the end of every alert it was told anything of, and last of all.
* Every outage that a living monitor could see for longer than its limit is covered by an alert.
"""

import bisect
import collections
import datetime
import json

# Later news took its place, or it ended before anybody was to be told (docs/guide/notifications.md).
GIVEN_UP_RIGHTLY = ("replaced by later news", "ended before it was told")
NOT_TOLD = ("sink_failing",)  # of the only sink, to nobody


def check(store, accepted, exchange, lives, limits):
    """Everything that is wrong, a line each, and how much there was of what."""
    wrong = []
    time_of = store.nanoseconds.format
    alerts = store.rows(f"select id, name, identity, state, {time_of('started_at')} as started,"
                        f" {time_of('resolved_at')} as resolved from {store.tables}alerts")
    transitions = store.rows(f"select alert_id, from_state, to_state, severity from {store.tables}alert_transitions"
                             " order by seq")
    notes = store.rows(f"select id, alert_id, state, last_error from {store.tables}notifications")
    check_alerts(alerts, transitions, wrong)
    check_rows(alerts, transitions, notes, wrong)
    by_key = check_messages(accepted, wrong)
    check_deliveries(notes, by_key, wrong)
    check_ends(alerts, notes, by_key, accepted, wrong)
    covered = check_outages(alerts, exchange, lives, limits, wrong)
    again = sum(len(notices) - 1 for notices in by_key.values())
    return wrong, {"alerts": len(alerts), "notifications": len(notes), "messages accepted": len(accepted),
                   "notices accepted": len(by_key), "accepted again": again, "outages checked": covered}


def check_alerts(alerts, transitions, wrong):
    told = collections.defaultdict(list)
    for alert, came_from, to, _ in transitions:
        if came_from != to:
            told[alert].append(to)
    spans = collections.defaultdict(list)
    for alert, _, identity, state, started, resolved in alerts:
        if told[alert] != ["firing", "resolved"] or state != "resolved":
            wrong.append(f"{alert} {identity}: {state}, transitions {told[alert]}")
            continue
        if resolved < started:
            wrong.append(f"{alert} {identity}: ended before it began")
        spans[identity].append((started, resolved, alert))
    for orphan in told.keys() - {alert[0] for alert in alerts}:
        wrong.append(f"{orphan}: transitions {told[orphan]}, and no alert")
    for identity, list_of in spans.items():
        list_of.sort()
        for (_, end, before), (begin, _, after) in zip(list_of, list_of[1:]):
            if begin < end:
                wrong.append(f"{identity}: {before} and {after} overlap by {(end - begin) / 1e9:.3f} s")


def check_rows(alerts, transitions, notes, wrong):
    """A change and its outbox row are one transaction."""
    names = {alert[0]: alert[1] for alert in alerts}
    rows = {note[0] for note in notes}
    unheard = {alert for _, alert, _, error in notes if error == "ended before it was told"}
    for alert, _, to, severity in transitions:
        if names.get(alert) in NOT_TOLD:
            continue
        key = f"{alert}/{to}/{severity}@ops"
        if key not in rows and not (to == "resolved" and alert in unheard):
            wrong.append(f"{key}: a transition, and no notification of it")


def check_messages(accepted, wrong):
    by_key, by_header = collections.defaultdict(list), collections.defaultdict(set)
    for header, body in accepted:
        if body["truncatedAlerts"]:
            wrong.append(f"{header}: {body['truncatedAlerts']} alerts left out of {len(body['alerts'])}")
        by_header[header].add(frozenset(notice["idempotencyKey"] for notice in body["alerts"]))
        for notice in body["alerts"]:
            by_key[notice["idempotencyKey"]].append(json.dumps(notice, sort_keys=True))
    for key, notices in by_key.items():
        if len(set(notices)) != 1:
            wrong.append(f"{key}: accepted {len(notices)} times, differently: {sorted(set(notices))}")
    for header, sets in by_header.items():
        if len(sets) != 1:
            wrong.append(f"message {header}: accepted with {len(sets)} different sets of alerts")
    return by_key


def check_deliveries(notes, by_key, wrong):
    known = {note[0].removesuffix("@ops") for note in notes}
    for key in by_key.keys() - known:
        wrong.append(f"{key}: accepted, and no notification of it is in the database")
    for note, _, state, error in notes:
        key = note.removesuffix("@ops")
        if state == "pending":
            wrong.append(f"{note}: still pending")
        elif state == "delivered" and key not in by_key:
            wrong.append(f"{note}: delivered by its row, never accepted by the receiver")
        elif state == "failed" and error not in GIVEN_UP_RIGHTLY:
            wrong.append(f"{note}: failed: {error}")
        elif state == "failed" and key in by_key:
            wrong.append(f"{note}: accepted, and by its row never tried: {error}")


def check_ends(alerts, notes, by_key, accepted, wrong):
    news, last = collections.defaultdict(set), {}
    for _, body in accepted:
        for notice in body["alerts"]:
            news[notice["alertId"]].add(notice["status"])
            last[notice["alertId"]] = notice["status"]
    silent = collections.defaultdict(list)  # firing news that others stand for
    for note, alert, state, _ in notes:
        if state == "failed" and "/firing/" in note:
            silent[alert].append(note)
    for alert, _, identity, *_ in alerts:
        if news[alert] == {"firing"}:
            wrong.append(f"{alert} {identity}: the receiver was never told that it ended")
        elif news[alert] == {"resolved"} and not silent[alert]:
            wrong.append(f"{alert} {identity}: the receiver was told of its end and never that it fired")
        elif alert in last and last[alert] != "resolved":
            wrong.append(f"{alert} {identity}: the receiver was told that it fires after it was told of its end")
    for alert in news.keys() - {alert[0] for alert in alerts}:
        wrong.append(f"{alert}: told to the receiver and not in the database")


def check_outages(alerts, exchange, lives, limits, wrong):
    """Each outage that one life saw begin, from health, and saw for long enough has an alert."""
    spans = collections.defaultdict(list)
    for _, _, identity, _, started, resolved in alerts:
        if resolved is not None:
            # Without a symbol: of a line or the monitor, which explains its streams.
            symbol = identity.partition('symbol="')[2].partition('"')[0]
            spans[symbol].append((started / 1e9, resolved / 1e9))
    checked, births = 0, [born for born, _ in lives]
    for symbol, began, ended in joined(exchange.outages):
        # Lives come one after another: one at most holds the beginning.
        for born, died in lives[max(0, bisect.bisect_left(births, began) - 1):][:1]:
            seen = min(ended, died) - began
            if born + limits["settled"] >= began or seen < limits["told"]:
                continue
            calm = not exchange.troubled(symbol, began - limits["settled"], began)
            if not calm or exchange.line_broken(began - limits["settled"], ended):
                continue
            checked += 1
            if not any(begin < ended + limits["told"] and end > began for begin, end in spans[symbol] + spans[""]):
                moment = datetime.datetime.fromtimestamp(began, datetime.timezone.utc).isoformat()
                wrong.append(f"{symbol}: silent for {ended - began:.1f} s from {moment}, seen for {seen:.1f} s, no alert")
    return checked


def joined(outages):
    """Outages of one symbol that touch are one."""
    by_symbol = collections.defaultdict(list)
    for symbol, began, ended in sorted(outages, key=lambda outage: outage[1]):
        mine = by_symbol[symbol]
        if mine and began < mine[-1][1] + 0.1:
            mine[-1][1] = max(mine[-1][1], ended)
        else:
            mine.append([began, ended])
    return [(symbol, began, ended) for symbol, list_of in by_symbol.items() for began, ended in list_of]

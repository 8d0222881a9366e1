#!/usr/bin/env python3
"""The checker finds what it is there for: each way of losing an alert, put into a sound world by hand."""

import copy
import types
import unittest

import checker

ALERT, IDENTITY = "f00-1", 'price_staleness{kind="quote",symbol="S01",venue="v"}'
FIRING, RESOLVED = f"{ALERT}/firing/warning", f"{ALERT}/resolved/warning"
SECOND = 1_000_000_000


def notice(key, status):
    return {"alertId": ALERT, "idempotencyKey": key, "status": status}


def message(header, *notices):
    return (header, {"truncatedAlerts": 0, "alerts": list(notices)})


class World:
    """One outage of ten seconds, told and over."""

    nanoseconds, tables = "{}", ""

    def __init__(self):
        self.alerts = [[ALERT, "price_staleness", IDENTITY, "resolved", 12 * SECOND, 21 * SECOND]]
        self.transitions = [[ALERT, "pending", "firing", "warning"], [ALERT, "firing", "resolved", "warning"]]
        self.notes = [[FIRING + "@ops", ALERT, "delivered", ""], [RESOLVED + "@ops", ALERT, "delivered", ""]]
        self.accepted = [message(FIRING, notice(FIRING, "firing")), message(RESOLVED, notice(RESOLVED, "resolved"))]
        self.lives = [(1.0, 100.0)]

    def rows(self, query):
        for table in ("alert_transitions", "notifications", "alerts"):
            if f"from {table}" in query:
                return getattr(self, table.replace("alert_transitions", "transitions").replace("notifications", "notes"))
        raise AssertionError(query)

    def wrong(self):
        exchange = types.SimpleNamespace(outages=[("S01", 10.0, 20.0)], troubled=lambda *_: False,
                                         line_broken=lambda *_: False)
        return checker.check(self, self.accepted, exchange, self.lives, {"settled": 2, "told": 3})[0]


class Checker(unittest.TestCase):
    def setUp(self):
        self.world = World()

    def expect(self, *words):
        wrong = "\n".join(self.world.wrong())
        for word in words:
            self.assertIn(word, wrong)

    def test_a_sound_world_is_sound(self):
        self.assertEqual(self.world.wrong(), [])

    def test_accepted_twice_is_sound(self):
        self.world.accepted.insert(1, copy.deepcopy(self.world.accepted[0]))
        self.assertEqual(self.world.wrong(), [])

    def test_accepted_twice_differently(self):
        again = copy.deepcopy(self.world.accepted[0])
        again[1]["alerts"][0]["startsAt"] = "another"
        self.world.accepted.insert(1, again)
        self.expect("accepted 2 times, differently")

    def test_a_key_that_stands_for_other_alerts(self):
        self.world.accepted[1] = message(FIRING, notice(RESOLVED, "resolved"))
        self.expect("2 different sets of alerts")

    def test_a_lost_end(self):
        self.world.transitions.pop()
        self.world.alerts[0][3] = "firing"
        self.expect("firing, transitions ['firing']")

    def test_a_lost_alert(self):
        self.world.alerts.clear()
        self.expect("and no alert", "not in the database", "no alert")

    def test_an_outage_nobody_told_of(self):
        for rows in (self.world.alerts, self.world.transitions, self.world.notes, self.world.accepted):
            rows.clear()
        self.expect("S01: silent for 10.0 s")

    def test_an_alert_fired_twice(self):
        self.world.transitions.insert(1, [ALERT, "pending", "firing", "warning"])
        self.expect("['firing', 'firing', 'resolved']")

    def test_two_episodes_at_once(self):
        self.world.alerts.append(["f00-2", "price_staleness", IDENTITY, "resolved", 20 * SECOND, 30 * SECOND])
        self.world.transitions += [["f00-2", "pending", "firing", "warning"], ["f00-2", "firing", "resolved", "warning"]]
        self.expect("overlap by 1.000 s")

    def test_a_change_without_its_outbox_row(self):
        self.world.notes.pop(0)
        self.expect(f"{FIRING}@ops: a transition, and no notification of it", "no notification of it is in the database")

    def test_delivered_and_never_accepted(self):
        self.world.accepted.pop(0)
        self.expect("delivered by its row, never accepted", "told of its end and never that it fired")

    def test_still_pending(self):
        self.world.notes[1][2] = "pending"
        self.expect("still pending")

    def test_given_up(self):
        self.world.notes[1][2:] = ["failed", "HTTP 503"]
        self.expect("failed: HTTP 503")

    def test_an_end_nobody_was_told(self):
        self.world.accepted.pop()
        self.expect("was never told that it ended")

    def test_the_end_before_the_beginning(self):
        self.world.accepted.reverse()
        self.expect("told that it fires after it was told of its end")


if __name__ == "__main__":
    unittest.main()

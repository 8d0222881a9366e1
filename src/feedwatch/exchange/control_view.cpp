#include "feedwatch/exchange/control_view.hpp"

#include "feedwatch/base/json_writer.hpp"

namespace feedwatch::exchange {
namespace {

void write_fault(JsonWriter& json, const FaultRecord& record, MonoTime now) {
  json.begin_object()
      .field("id", record.id.value)
      .field("fault", to_text(record.spec.kind))
      .key("symbols")
      .begin_array();
  for (const std::string& symbol : record.spec.symbols) json.value(symbol);
  json.end_array()
      .field("route", record.spec.route)
      .field("heals", to_text(record.spec.heals))
      .field("state", record.over_at  ? "over"
                      : record.active ? "active"
                                      : "scheduled")
      .field("hits", record.hits)
      .field("began_seconds_ago", to_seconds(now - record.starts_at));
  if (record.over_at) {
    json.field("over_seconds_ago", to_seconds(now - *record.over_at))
        .field("cause", to_text(record.cause));
  }
  json.end_object();
}

void write_peer(JsonWriter& json, const PeerView& peer, const venues::VenueSheet& sheet) {
  json.begin_object()
      .field("id", peer.id.value)
      .field("peer", peer.address)
      .field("route", peer.route)
      .field("sent", peer.sent)
      .field("received", peer.received)
      .field("max_messages_per_second", peer.max_messages_per_second)
      .field("half_open", peer.half_open)
      .field("queued", peer.queued)
      .key("topics")
      .begin_array();
  for (const venues::Topic& topic : peer.topics) {
    json.begin_object()
        .field("channel", sheet.channels[topic.channel].name)
        .field("symbol", topic.symbol)
        .end_object();
  }
  json.end_array().end_object();
}

void write_counters(JsonWriter& json, const Desk& desk) {
  const DeskCounters& c = desk.counters();
  std::size_t topics = 0;
  for (const PeerView& peer : desk.peers()) topics += peer.topics.size();
  json.key("counters")
      .begin_object()
      .field("dials", c.dials)
      .field("dials_refused", c.dials_refused)
      .field("dials_ignored", c.dials_ignored)
      .field("bans", desk.bans())
      .field("opened", c.opened)
      .field("closed", c.closed)
      .field("subscribes", c.subscribes)
      .field("unsubscribes", c.unsubscribes)
      .field("text_pings", c.text_pings)
      .field("protocol_pings", c.protocol_pings)
      .field("protocol_pongs", c.protocol_pongs)
      .field("topics", topics)
      .field("unknown", c.unknown)
      .field("refusals", c.refusals)
      .field("data_sent", c.data_sent)
      .field("data_dropped", c.data_dropped)
      .field("queue_dropped", c.queue_dropped)
      .field("slow_closed", c.slow_closed)
      .field("idle_closed", c.idle_closed)
      .field("limit_violations", c.limit_violations)
      .field("rest_requests", c.rest_requests)
      .field("max_messages_per_second", c.max_messages_per_second)
      .end_object();
}

}  // namespace

std::string control_json(const Desk& desk, MonoTime now) {
  std::string out;
  JsonWriter json(out);
  json.begin_object()
      .field("venue", desk.sheet().name)
      .field("source_ended", desk.source().ended())
      .field("source_error", desk.source().error())
      .key("faults")
      .begin_array();
  for (const FaultRecord& record : desk.faults().list()) write_fault(json, record, now);
  json.end_array().key("over").begin_array();
  for (const FaultRecord& record : desk.faults().history()) write_fault(json, record, now);
  json.end_array().key("connections").begin_array();
  for (const PeerView& peer : desk.peers()) write_peer(json, peer, desk.sheet());
  json.end_array();
  write_counters(json, desk);
  json.end_object();
  return out;
}

std::string problem_json(int status, std::string_view title, const Error& error) {
  std::string out;
  JsonWriter(out)
      .begin_object()
      .field("type", "about:blank")
      .field("title", title)
      .field("status", status)
      .field("detail", error.fix.empty() ? error.why : error.why + " (" + error.fix + ")")
      .end_object();
  return out;
}

}  // namespace feedwatch::exchange

#include "feedwatch/api/pulse_view.hpp"

#include <fmt/format.h>
#include <simdjson.h>

#include <utility>

#include "feedwatch/api/answer_fields.hpp"
#include "feedwatch/api/json_fields.hpp"
#include "feedwatch/base/json_writer.hpp"
#include "feedwatch/base/time_text.hpp"

namespace feedwatch::api {

namespace {

Error wrong(std::string why) {
  return {.what = "body",
          .why = std::move(why),
          .fix = R"(send nothing, or {"mark": "beat", "detail": "words"})"};
}

/// The connection we hear it over ourselves; null where others tell us.
void source(JsonWriter& json, const std::optional<PulseSource>& source) {
  json.key("source");
  if (!source) {
    json.null();
    return;
  }
  json.begin_object().field("state", to_text(source->state));
  json.field("trouble", to_text(source->trouble)).field("why", source->why);
  json.field("signals", source->signals).field("repeated", source->repeated);
  json.field("dials", source->dials).field("losses", source->losses);
  json.field("rejections", source->rejections).key("messages").begin_object();
  for (const PulseSource::Count& count : source->messages) {
    if (count.received == 0) continue;
    json.key(count.type).begin_object().field("received", count.received);
    json.field("unreadable", count.failed).end_object();
  }
  json.end_object().end_object();
}

}  // namespace

std::string pulse_json(const PulseView& view) {
  std::string out;
  JsonWriter json(out);
  json.begin_object().field("name", view.name).field("state", to_text(view.state));
  json.field("required", view.required).field("failed", view.failed);
  json.field("expected", view.expected);
  moment(json, "heard_at", view.heard_at);
  json.key("silence_seconds");
  if (view.silence) {
    json.number(to_seconds(*view.silence));
  } else {
    json.null();
  }
  moment(json, "due_at", view.due_at);
  json.field("detail", view.detail).field("marks", view.beats);
  json.field("positions", view.positions);
  source(json, view.source);
  json.end_object();
  return out;
}

Result<PulseBody> parse_pulse_body(std::string_view body) {
  PulseBody pulse;
  if (body.empty()) return pulse;
  simdjson::dom::parser parser;
  simdjson::dom::object object;
  if (parser.parse(simdjson::padded_string(body)).get(object) != simdjson::SUCCESS) {
    return std::unexpected(wrong("is not a JSON object"));
  }
  for (const auto [key, value] : object) {
    std::string_view text;
    if (value.get(text) != simdjson::SUCCESS) {
      return std::unexpected(wrong("'" + std::string(key) + "' must be a string"));
    }
    if (key == "mark") {
      const auto mark = pulse_mark(text);
      if (!mark) return std::unexpected(wrong("'mark' must be beat, started or failed"));
      pulse.mark = *mark;
    } else if (key == "detail") {
      if (text.size() > Pulses::max_detail) {
        return std::unexpected(wrong(fmt::format("'detail' is over {} bytes", Pulses::max_detail)));
      }
      pulse.detail = text;
    } else {
      return std::unexpected(wrong("unknown key '" + std::string(key) + "'"));
    }
  }
  return pulse;
}

std::string pulse_body(PulseMark mark, std::string_view detail) {
  std::string out;
  JsonWriter json(out);
  json.begin_object().field("mark", to_text(mark));
  if (!detail.empty()) json.field("detail", detail);
  json.end_object();
  return out;
}

Result<std::string> pulse_table(std::string_view body) {
  simdjson::dom::parser parser;
  simdjson::dom::object object;
  simdjson::dom::array pulses;
  if (parser.parse(simdjson::padded_string(body)).get(object) != simdjson::SUCCESS ||
      object["pulses"].get(pulses) != simdjson::SUCCESS) {
    return std::unexpected(Error{.what = "answer",
                                 .why = "it is none of a feedwatch monitor",
                                 .fix = "check the address given with --api"});
  }
  std::string out;
  for (const auto element : pulses) {
    simdjson::dom::object pulse;
    if (element.get(pulse) != simdjson::SUCCESS) continue;
    const std::string heard = text(pulse, "heard_at");
    out += fmt::format("{:<9} {}  {}, expected {}", text(pulse, "state"), text(pulse, "name"),
                       heard.empty() ? "never heard" : "heard " + heard, text(pulse, "expected"));
    if (const std::string detail = text(pulse, "detail"); !detail.empty()) out += ": " + detail;
    simdjson::dom::object source;
    if (pulse["source"].get(source) == simdjson::SUCCESS) {
      out += "; source " + text(source, "state");
      if (const std::string why = text(source, "why"); !why.empty()) out += " (" + why + ")";
    }
    out += "\n";
  }
  if (out.empty()) out = "no pulses: none is configured, and none was heard\n";
  return out;
}

}  // namespace feedwatch::api

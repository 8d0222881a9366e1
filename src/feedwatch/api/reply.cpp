#include "feedwatch/api/reply.hpp"

#include "feedwatch/base/json_writer.hpp"

namespace feedwatch::api {

net::Response reply(int status, std::string_view content_type, std::string body) {
  net::Response response;
  response.status = status;
  response.headers = {{"content-type", std::string(content_type)},
                      {"cache-control", "no-store"},
                      {"x-content-type-options", "nosniff"},
                      {"referrer-policy", "no-referrer"},
                      {"cross-origin-resource-policy", "same-origin"}};
  response.body = std::move(body);
  return response;
}

net::Response json_reply(int status, std::string body) {
  return reply(status, "application/json", std::move(body));
}

net::Response problem(int status, std::string_view title, std::string_view detail,
                      const Members& members) {
  std::string body;
  JsonWriter json(body);
  json.begin_object().field("type", "about:blank").field("title", title);
  json.field("status", status).field("detail", detail);
  for (const auto& [name, value] : members) json.key(name).raw(value);
  json.end_object();
  return reply(status, "application/problem+json", std::move(body));
}

net::Response refused_reply(const StreamKey& key, const Refusal& refusal) {
  std::string age = "null";
  if (refusal.age) {
    age.clear();
    JsonWriter(age).number(to_seconds(*refusal.age));
  }
  return problem(409, "Price refused",
                 key.text() + ": " + std::string(to_text(refusal.code)) + " (reason " +
                     std::string(to_text(refusal.reason)) + ")",
                 {{"stream", json_quoted(key.text())},
                  {"refusal", json_quoted(to_text(refusal.code))},
                  {"reason", json_quoted(to_text(refusal.reason))},
                  {"level", json_quoted(to_text(refusal.level))},
                  {"age_seconds", age}});
}

}  // namespace feedwatch::api
